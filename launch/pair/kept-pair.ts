import {
  closeForGood,
  lookAtLink,
  lookAtServer,
  makeWritable,
  type ServerAddress,
  type ServerSight,
} from '#database'
import { followingFaults, type PairSight } from '../../platform/kernel/server-pair.ts'
import { otherSite, type SiteName } from '../sites/state.ts'
import { changeServers, type ChangeAsked, type ChangeMade, type PairChangeParts } from './change.ts'
import type { FenceCommand } from './fence-command.ts'
import { openRelay, type Relay } from './relay.ts'
import { settle, type SeenServers } from './settle.ts'
import { keepPairState, readPairState, type PairChange, type PairState } from './state.ts'

/** Two servers of the operator's own: one takes writes, the other follows. */
export interface KeptPair {
  /** The one address through which programs reach whichever takes writes. */
  readonly url: string
  /** The same for the user of backups. */
  readonly backupUrl: string
  /** How often the server that takes writes changed. */
  term(): number
  status(): Promise<PairStatus>
  /** Replaces the server that takes writes by its standby; throws with the reason. */
  change(asked: ChangeAsked): Promise<PairChange>
  /** `heard` hears of each change as soon as programs can write again. */
  onChanged(heard: (change: PairChange) => void): void
  stop(): Promise<void>
}

/** Who takes writes, whether the other one could, and what was seen of both. */
export interface PairStatus {
  readonly primary: SiteName
  readonly term: number
  readonly standby: 'ready' | 'failed'
  readonly why: string | null
  readonly changes: readonly PairChange[]
  readonly pair: PairSight
}

/** What keeping a pair needs. */
export interface KeptPairParts {
  /** Both servers for the user that writes. */
  readonly writers: Readonly<Record<SiteName, ServerAddress>>
  /** The user that takes backups. */
  readonly backup: ServerAddress
  /** Both servers for the user that may change them. */
  readonly changers: Readonly<Record<SiteName, ServerAddress>>
  readonly regions: Readonly<Record<SiteName, string>>
  readonly fence: FenceCommand
  /** How long a standby may take, in a change in order, to replay what the old server wrote last. */
  readonly drainSecondsMax: number
  readonly stateFile: string
  /** A private folder for the relay's socket. */
  readonly runFolder: string
  readonly say: (line: string) => void
  readonly now: () => Date
}

/** For so long a server that was just looked at counts as looked at (milliseconds); connections come in bursts. */
const LOOKED_MS = 200

function orNull(looking: Promise<ServerSight>): Promise<ServerSight | null> {
  return looking.catch(() => null)
}

async function lookAtBoth({ changers }: Pick<KeptPairParts, 'changers'>): Promise<SeenServers> {
  const [a, b] = await Promise.all([orNull(lookAtServer(changers.a)), orNull(lookAtServer(changers.b))])
  return { a, b }
}

/** Decides which server takes writes, keeps that, and undoes what a change that was cut off left behind. */
async function settled(parts: KeptPairParts, before: PairState | null): Promise<PairState> {
  const { primary, system, timeline, found } = settle(before, await lookAtBoth(parts))
  const moved = before !== null && before.primary !== primary
  const now = parts.now().toISOString()
  const from = otherSite(primary)
  const term = (before?.term ?? 0) + (moved ? 1 : 0)
  const fromRegion = parts.regions[from]
  const last: PairChange | null = moved
    ? {
        kind: 'failover',
        from,
        to: primary,
        term,
        timeline,
        heartbeatAt: null,
        beganAt: now,
        fencedAt: now,
        promotedAt: now,
        fencedBy: 'somebody-else',
        fromRegion,
        toRegion: parts.regions[primary],
      }
    : (before?.last ?? null)
  const state: PairState = { primary, switchingTo: null, term, system, timeline, last }
  const cutOff = before !== null && before.switchingTo !== null
  if (cutOff) await makeWritable(parts.changers[primary])
  await keepPairState(parts.stateFile, state)
  // One that was replaced in order, before the change was cut off, still runs.
  if (cutOff && moved) await closeForGood(parts.changers[from]).catch(() => {})
  if (found)
    parts.say(`Somebody else promoted the database of site ${primary}, which takes writes from now on`)
  return state
}

/** Finds out which of two servers takes writes and opens the way to it; throws, with nothing opened, when that is not clear. */
export async function keptPair(parts: KeptPairParts): Promise<KeptPair> {
  const state = await settled(parts, await readPairState(parts.stateFile))
  const pair = new Pair(parts, state)
  await pair.open()
  return pair
}

/** Looks at both servers once. */
async function sightOf(parts: KeptPairParts, state: PairState): Promise<PairSight> {
  const { primary, system, timeline } = state
  const seen = await lookAtBoth(parts)
  const receives = seen[otherSite(primary)]?.receives ?? null
  const link =
    receives === null || seen[primary] === null
      ? null
      : await lookAtLink(parts.changers[primary], receives).catch(() => null)
  const fence = parts.fence.command.length > 0
  return { regions: parts.regions, primary, system, timeline, ...seen, link, fence }
}

/** What a change works on; `known` gives what is known of the pair at that moment. */
function changeParts(
  parts: KeptPairParts,
  known: () => PairState,
  of: Pick<PairChangeParts, 'cut' | 'keep'>,
): PairChangeParts {
  const { changers, writers, regions, fence, drainSecondsMax, now } = parts
  return {
    addressOf: (site) => changers[site],
    writerOf: (site) => writers[site],
    look: () => sightOf(parts, known()),
    regions,
    fence,
    drainSecondsMax,
    now,
    ...of,
  }
}

/** What is known of a pair whose first server was lost before this system ever ran here. */
async function knownByStandby({ changers }: KeptPairParts): Promise<PairState> {
  const { system, standby, timeline } = await lookAtServer(changers.b)
  // One that somebody promoted is newer than what is lost.
  const lost = standby ? timeline : Math.max(1, timeline - 1)
  return { primary: 'a', switchingTo: null, term: 0, system, timeline: lost, last: null }
}

/** Replaces a lost server while no system runs, which finds the new one at its start; throws with the reason. Policy 6.2-d. */
export async function replaceLost(parts: KeptPairParts): Promise<PairChange> {
  let state = (await readPairState(parts.stateFile)) ?? (await knownByStandby(parts))
  const keep = async (next: PairState): Promise<void> => {
    await keepPairState(parts.stateFile, next)
    state = next
  }
  const asked: ChangeAsked = { kind: 'failover', behindSecondsMax: Number.POSITIVE_INFINITY }
  const { last } = await changeServers(
    changeParts(parts, () => state, { cut: () => {}, keep }),
    state,
    asked,
  )
  return last
}

/** Owns the relay and what is known of the two servers. */
class Pair implements KeptPair {
  readonly #parts: KeptPairParts
  #state: PairState
  #relay: Relay | null = null
  #changing: Promise<PairChange> | null = null
  #looking: Promise<void> | null = null
  #lookedAt = Number.NEGATIVE_INFINITY
  #heard: (change: PairChange) => void = () => {}
  #refused: string | null = null

  constructor(parts: KeptPairParts, state: PairState) {
    this.#parts = parts
    this.#state = state
  }

  async open(): Promise<void> {
    this.#relay = await openRelay({ folder: this.#parts.runFolder, where: () => this.#where() })
  }

  get url(): string {
    return this.#relay?.url(this.#parts.writers.a) ?? ''
  }

  get backupUrl(): string {
    return this.#relay?.url(this.#parts.backup) ?? ''
  }

  term(): number {
    return this.#state.term
  }

  onChanged(heard: (change: PairChange) => void): void {
    this.#heard = heard
  }

  async status(): Promise<PairStatus> {
    const pair = await sightOf(this.#parts, this.#state)
    const [why = null] = followingFaults(pair)
    const { primary, term, last } = this.#state
    const changes = last === null ? [] : [last]
    return { primary, term, standby: why === null ? 'ready' : 'failed', why, changes, pair }
  }

  async change(asked: ChangeAsked): Promise<PairChange> {
    if (this.#changing !== null) throw new Error('the databases are being changed at this moment')
    this.#changing = this.#change(asked).finally(() => {
      this.#changing = null
    })
    return this.#changing
  }

  async stop(): Promise<void> {
    await this.#changing?.catch(() => {})
    await this.#relay?.stop()
  }

  async #change(asked: ChangeAsked): Promise<PairChange> {
    // A look that began before must not take our own change for somebody else's.
    await this.#looking?.catch(() => {})
    const { say } = this.#parts
    const parts = changeParts(this.#parts, () => this.#state, {
      cut: () => this.#relay?.cut(),
      keep: (state) => this.#keep(state),
    })
    const { last, strays } = await changeServers(parts, this.#state, asked)
    this.#lookedAt = Number.NEGATIVE_INFINITY
    this.#moved(last)
    // What was replaced in order still runs; a lost one was ended by the operator's program.
    if (last.kind === 'switchover')
      await this.#close(last, strays).catch((error: unknown) =>
        say(`Site ${last.from} is read-only, but could not be closed: ${String(error)}`),
      )
    return last
  }

  /** Closes the server that was replaced, and tells what was still written there. */
  async #close({ from, to }: PairChange, strays: ChangeMade['strays']): Promise<void> {
    const late = strays(await closeForGood(this.#parts.changers[from]))
    if (late > 0)
      this.#parts.say(
        `${late} transactions ended on site ${from} after it was read-only, of programs that insist on writing or of the server itself; site ${to} lacks them`,
      )
  }

  async #keep(state: PairState): Promise<void> {
    await keepPairState(this.#parts.stateFile, state)
    this.#state = state
  }

  #moved(change: PairChange): void {
    const { say } = this.#parts
    say(`The database moved from site ${change.from} to site ${change.to} (${change.kind})`)
    this.#heard(change)
  }

  /** Where a new connection goes: to the server that takes writes, once it was seen to be the one that it should be. */
  async #where(): Promise<ServerAddress> {
    while (this.#changing !== null) await this.#changing.catch(() => {})
    if (performance.now() - this.#lookedAt > LOOKED_MS)
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null
      })
    await this.#looking
    // A change that began meanwhile cuts whoever waited.
    return this.#parts.writers[this.#state.primary]
  }

  /** Looks whether the server that takes writes is still the newest, and finds the one that somebody else promoted when not. */
  async #look(): Promise<void> {
    const before = this.#state
    try {
      const sight = await orNull(lookAtServer(this.#parts.changers[before.primary]))
      const sound = sight !== null && !sight.standby && sight.system === before.system
      if (!sound || sight.timeline !== before.timeline || before.switchingTo !== null) {
        this.#state = await settled(this.#parts, before)
        const { primary, last } = this.#state
        if (primary !== before.primary) {
          this.#relay?.cut()
          if (last !== null) this.#moved(last)
        }
      }
      this.#lookedAt = performance.now()
      this.#refused = null
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (this.#refused !== why) this.#parts.say(`No database is used: ${why}`)
      this.#refused = why
      throw error
    }
  }
}
