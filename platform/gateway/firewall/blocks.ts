import type { Database } from '../../db/index.ts'
import { PROVIDER, type TenantKeys } from '../../encryption/index.ts'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { clientNetwork } from '../client-network.ts'
import type { BlockOrigin } from './block-events.ts'
import type { Entry } from './entry.ts'
import { blockById, deleteOldBlocks, insertBlocks, newestBlocks } from './queries.ts'

/** A refusal as it was kept, with the address it came from. */
export interface StoredBlock {
  readonly entry: Entry
  readonly ip: string
}

/** How long refusals are kept, and how many at most. */
export const BLOCKS_KEPT = { days: 30, most: 100_000 } as const

/** Refusals in the database; excerpts and addresses are sealed with the provider's key. */
export interface Blocks {
  /** Takes a refusal to be stored soon; never throws and never waits. */
  store(entry: Entry, from: BlockOrigin): void
  /** Refusals that were not stored, because they came faster than they could be or the database was away. */
  lost(): number
  find(id: string): Promise<StoredBlock | null>
  newest(since: Date, most: number): Promise<StoredBlock[]>
  /** Removes what is too old or too many. */
  expire(): Promise<number>
  /** Stores what waits. */
  stop(): Promise<void>
}

/** Refusals that are stored in a minute, and those of one client network: beyond them the audit log has to do. */
const PER_MINUTE_MAX = 600
const PER_NETWORK_MAX = 60
const WAITING_MAX = 1000
const BATCH = 100

interface BlockParts {
  readonly db: Database
  readonly keys: Pick<TenantKeys, 'sealText' | 'openText'>
  readonly clock: Clock
  readonly log: Log
}

/** Opens the store. */
export function openBlocks(parts: BlockParts): Blocks {
  const { db, clock, log } = parts
  let waiting: (readonly [Entry, BlockOrigin])[] = []
  let lost = 0
  let storing: Promise<void> | null = null
  const mayStore = openStoring(clock)
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH)
      try {
        await insertBlocks(db, await Promise.all(batch.map(([entry, from]) => rowOf(parts, entry, from))))
      } catch (error) {
        lost += batch.length
        log.error(errorRecord(error), 'refusals could not be stored')
      }
    }
    storing = null
  }
  return {
    store: (entry, from) => {
      if (waiting.length >= WAITING_MAX || !mayStore(clientNetwork(from.ip))) lost += 1
      else {
        waiting.push([entry, from])
        storing ??= drain()
      }
    },
    lost: () => lost,
    find: async (id) => {
      const row = await blockById(db, id)
      return row === undefined ? null : opened(parts, row)
    },
    newest: async (since, most) =>
      Promise.all((await newestBlocks(db, since, most)).map((row) => opened(parts, row))),
    expire: async () => {
      const before = secondsAfter(clock.now(), -BLOCKS_KEPT.days * DAY)
      let gone = 0
      for (let steps = 0; steps < EXPIRE_STEPS_MAX; steps += 1) {
        const step = await deleteOldBlocks(db, before, BLOCKS_KEPT.most)
        gone += step
        if (step === 0) break
      }
      return gone
    },
    stop: async () => {
      await storing
      waiting = []
    },
  }
}

/** Steps of ten thousand: more than a whole hour of a flood can store. */
const EXPIRE_STEPS_MAX = 10

/** Bounds what a flood can store: so many in a minute, so many of each network, so that none hides the others. Policy 4.1-d. */
function openStoring(clock: Clock): (network: string) => boolean {
  const stored = new Map<string, number>()
  let [minute, all] = [0, 0]
  return (network) => {
    const now = Math.floor(clock.now().getTime() / 60_000)
    if (now !== minute) {
      stored.clear()
      minute = now
      all = 0
    }
    const own = stored.get(network) ?? 0
    if (all >= PER_MINUTE_MAX || own >= PER_NETWORK_MAX) return false
    stored.set(network, own + 1)
    all += 1
    return true
  }
}

const placeOf = (row: string) => ({ table: 'blocked_request', column: 'sealed', row })

async function rowOf({ keys }: BlockParts, entry: Entry, { ip }: BlockOrigin) {
  return {
    id: entry.id,
    at: new Date(entry.at),
    outcome: entry.outcome,
    method: entry.method.slice(0, 20),
    route: entry.route,
    rule: entry.rule,
    message: entry.message,
    rules: entry.matches.map(({ rule }) => rule),
    score: Math.max(entry.scores.inbound, entry.scores.outbound),
    fingerprint: entry.fingerprint,
    sealed: await keys.sealText(PROVIDER, placeOf(entry.id), JSON.stringify({ entry, ip })),
  }
}

async function opened(
  { keys }: BlockParts,
  row: { readonly id: string; readonly sealed: Uint8Array },
): Promise<StoredBlock> {
  // Sealed by us, so it has the shape that we gave it.
  return JSON.parse(await keys.openText(PROVIDER, placeOf(row.id), row.sealed)) as StoredBlock
}
