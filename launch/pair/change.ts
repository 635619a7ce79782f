import type pg from 'pg'
import {
  drain,
  lookAtServer,
  makeReadOnly,
  makeWritable,
  openForWrites,
  promoteHere,
  takesWrite,
  withClaim,
  type ServerAddress,
} from '#database'
import {
  behindSeconds,
  drainedFaults,
  followingFaults,
  isPromoted,
  promotionFaults,
  type PairSight,
} from '../../platform/kernel/server-pair.ts'
import type { ChangeKind } from '../sites/change.ts'
import { otherSite, type SiteName } from '../sites/state.ts'
import { fenceByCommand, type FenceCommand } from './fence-command.ts'
import type { PairChange, PairState } from './state.ts'

/** What changing the server that takes writes works on. */
export interface PairChangeParts {
  /** For the user that may change both servers. */
  readonly addressOf: (site: SiteName) => ServerAddress
  /** For the user that writes. */
  readonly writerOf: (site: SiteName) => ServerAddress
  readonly regions: Readonly<Record<SiteName, string>>
  readonly fence: FenceCommand
  /** How long the standby may take to replay what the old server wrote last. */
  readonly drainSecondsMax: number
  /** Keeps the state, durable before it returns. */
  readonly keep: (state: PairState) => Promise<void>
  /** Ends every connection of our programs to the server that takes writes; they wait until the change is over. */
  readonly cut: () => void
  readonly look: () => Promise<PairSight>
  readonly now: () => Date
}

/** What is asked for. */
export interface ChangeAsked {
  readonly kind: ChangeKind
  /** How much may be lost at most when it is done in order, in seconds. Policy 6.2-b. */
  readonly behindSecondsMax: number
}

/** A change that was made. */
export interface ChangeMade {
  readonly last: PairChange
  /** How many transactions ended on the old server after it had come to rest, from the number of its newest one. */
  readonly strays: (transaction: bigint) => number
}

/** Refuses a change that would promote the wrong server or lose more than is allowed. */
function refuse(seen: PairSight, { kind, behindSecondsMax }: ChangeAsked): void {
  // Somebody else promoted it already: once the other one is fenced, it is the one.
  if (kind === 'failover' && isPromoted(seen)) return
  // A server that is lost cannot be asked; its standby can.
  const [fault] = kind === 'failover' ? promotionFaults(seen) : followingFaults(seen)
  if (fault !== undefined) throw new Error(fault)
  const behind = behindSeconds(seen)
  // A limit that is none allows nothing.
  if (kind === 'switchover' && behind !== null && !(behind <= behindSecondsMax))
    throw new Error(
      `the standby is ${Math.round(behind)} s behind, and ${behindSecondsMax} s may be lost; wait, or use --lost`,
    )
}

/** The lost server is fenced by the operator's program, and must not take a write afterwards, whatever that said. */
async function fenceLost(parts: PairChangeParts, site: SiteName): Promise<void> {
  const address = parts.addressOf(site)
  await fenceByCommand(parts.fence, { site, region: parts.regions[site], address })
  if (await takesWrite(parts.writerOf(site)))
    throw new Error(
      `the fence command ended with 0, but site ${site} still takes writes, or answers as if it could; nothing was promoted`,
    )
}

/** What an order to stop left behind is undone when the change does not come about; else the next look at the servers does it. */
async function undo(parts: PairChangeParts, state: PairState, kind: ChangeKind): Promise<void> {
  if (kind === 'switchover') await makeWritable(parts.addressOf(state.primary))
  await parts.keep({ ...state, switchingTo: null })
}

/** Makes the old server take no further write, as it is asked for; whatever was done is undone when that fails. Returns its last transaction, where it tells. */
async function fenceFirst(
  parts: PairChangeParts,
  state: PairState,
  kind: ChangeKind,
  standby: pg.Client,
): Promise<bigint | null> {
  const from = state.primary
  try {
    if (kind === 'failover') {
      // What is confirmed while it is being fenced may be missing on the other one.
      parts.cut()
      await fenceLost(parts, from)
      return null
    }
    await makeReadOnly(parts.addressOf(from))
    parts.cut()
    const transaction = await drain(parts.addressOf(from), standby, parts.drainSecondsMax)
    const [fault] = drainedFaults(await parts.look())
    if (fault !== undefined) throw new Error(fault)
    return transaction
  } catch (error) {
    await undo(parts, state, kind).catch(() => {})
    throw error
  }
}

/**
 * Replaces the server that takes writes by its standby. In order: it is made read-only, its connections are ended, and the
 * standby has replayed everything. Lost: the operator's program fences it. Only then the standby is promoted, by whoever holds
 * the claim on it; what is about to happen is kept before it does. Throws, with nothing promoted, when a step fails.
 * Policy 6.2-d.
 */
export async function changeServers(
  parts: PairChangeParts,
  state: PairState,
  asked: ChangeAsked,
): Promise<ChangeMade> {
  const { kind } = asked
  const from = state.primary
  const to = otherSite(from)
  const beganAt = parts.now().toISOString()
  refuse(await parts.look(), asked)
  return withClaim(parts.addressOf(to), async (standby) => {
    // Looked at again: it may have been promoted before the claim was ours.
    refuse(await parts.look(), asked)
    await parts.keep({ ...state, switchingTo: to })
    const rested = await fenceFirst(parts, state, kind, standby)
    const fencedAt = parts.now().toISOString()
    if (!isPromoted(await parts.look())) await promoteHere(standby)
    const heartbeatAt = await openForWrites(standby)
    const promotedAt = parts.now().toISOString()
    const { timeline } = await lookAtServer(parts.addressOf(to))
    const term = state.term + 1
    const fencedBy = kind === 'switchover' ? 'read-only' : 'command'
    const [fromRegion, toRegion] = [parts.regions[from], parts.regions[to]]
    const moments = { beganAt, fencedAt, promotedAt, heartbeatAt: heartbeatAt?.toISOString() ?? null }
    const last: PairChange = { ...moments, kind, from, to, term, timeline, fencedBy, fromRegion, toRegion }
    const next: PairState = { ...state, primary: to, switchingTo: null, term, timeline, last }
    await parts.keep(next)
    return { last, strays: (transaction) => (rested === null ? 0 : Number(transaction - rested)) }
  })
}
