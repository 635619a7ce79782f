import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { PostgresServer } from '#database'
import type { KeptServer, Listener } from '../kept-server.ts'
import { changePrimary, settleState, type ChangeKind, type ChangeParts, type SiteChange } from './change.ts'
import { STANDBY_NAME, startPrimary, startStandby, type SiteParts } from './site.ts'
import type { StableSocket } from './stable-socket.ts'
import { keepSiteState, otherSite, readSiteState, type SiteName, type SiteState } from './state.ts'

/** Two sites of which one takes writes, kept so. */
export interface KeptSites extends KeptServer {
  /** Begins to keep a standby; the database must be ready for it. */
  follow(): void
  status(): SiteStatus
  /** How often the primary changed. */
  term(): number
  /** Replaces the primary by its standby; throws when there is none that follows. */
  change(asked: { readonly kind: ChangeKind }): Promise<SiteChange>
  /** `heard` hears of each change as soon as clients can write again. */
  onChanged(heard: (change: SiteChange) => void): void
}

/** Who takes writes and whether the other one could. */
export interface SiteStatus {
  readonly primary: SiteName
  readonly term: number
  readonly standby: 'ready' | 'starting' | 'failed'
  /** Why there is none; null while there is. */
  readonly why: string | null
  /** Every change since the start, the last one last. */
  readonly changes: readonly SiteChange[]
}

/** What keeping two sites needs. */
export interface KeptSitesParts extends SiteParts {
  readonly stateFile: string
  readonly socket: StableSocket
  readonly listener: Listener
  readonly now: () => Date
}

/** How often a primary that ended is started again before its standby takes over; a start recovers from a crash. */
const STARTS_MAX = 3
/** Pauses between those, and between attempts to have a standby. */
const START_PAUSE_MS = 1000
const LOOK_MS = 200
const STANDBY_PAUSE_MS = 5000

/** Whether the server at `url` sends its log to a standby. */
async function sendsLog(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const asked = `select 1 from pg_stat_replication where application_name = $1 and state = 'streaming'`
    return (await client.query(asked, [STANDBY_NAME])).rowCount === 1
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Starts the site that takes writes, and keeps it and its standby running. Policy 6.2-d. */
export async function keptSites(parts: KeptSitesParts): Promise<KeptSites> {
  const changes: ChangeParts = {
    folderOf: (site) => parts.folders[site],
    keep: (state) => keepSiteState(parts.stateFile, state),
    now: parts.now,
    say: (line) => parts.listener.say(line),
  }
  const state = await settleState(changes, await readSiteState(parts.stateFile))
  const primary = await startPrimary(parts, state)
  await parts.socket.leadTo(primary.socketFolder)
  return new Sites(parts, changes, state, primary)
}

/** Owns the two servers. */
class Sites implements KeptSites {
  readonly url: string
  readonly #parts: KeptSitesParts
  readonly #changeParts: ChangeParts
  readonly #stopping = new AbortController()
  readonly #changes: SiteChange[] = []
  readonly #work: Promise<unknown>[] = []
  #state: SiteState
  #primary: PostgresServer
  #standby: PostgresServer | null = null
  #why: string | null = null
  #changing: Promise<SiteChange> | null = null
  #heard: (change: SiteChange) => void = () => {}
  #following: Promise<void> | null = null

  constructor(parts: KeptSitesParts, changes: ChangeParts, state: SiteState, primary: PostgresServer) {
    this.#parts = parts
    this.#changeParts = changes
    this.#state = state
    this.#primary = primary
    this.url = parts.socket.url(primary.url)
    this.#work.push(this.#looked(this.#watch()))
  }

  follow(): void {
    this.#following ??= this.#looked(this.#keepStandby())
  }

  status(): SiteStatus {
    const standby = this.#standby !== null ? 'ready' : this.#why === null ? 'starting' : 'failed'
    const { primary, term } = this.#state
    return { primary, term, standby, why: this.#why, changes: [...this.#changes] }
  }

  term(): number {
    return this.#state.term
  }

  change({ kind }: { readonly kind: ChangeKind }): Promise<SiteChange> {
    this.#changing ??= this.#change(kind).finally(() => {
      this.#changing = null
    })
    return this.#changing
  }

  onChanged(heard: (change: SiteChange) => void): void {
    this.#heard = heard
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#changing?.catch(() => {})
    await this.#primary.stop()
    await this.#following
    await this.#standby?.stop()
    await Promise.all(this.#work)
    // One that was being started again meanwhile.
    await this.#primary.stop()
  }

  #looked(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#parts.listener.lost(`The database is not looked after any more: ${String(error)}`)
    })
  }

  /** Starts the primary again when it ends by itself; when that does not help, its standby takes its place. */
  async #watch(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const watched = this.#primary
      const why = await watched.ended
      if (this.#stopping.signal.aborted) return
      if (this.#changing !== null) await this.#changing.catch(() => {})
      if (watched !== this.#primary) continue
      this.#parts.listener.say(`PostgreSQL ended (${why}); starting it again`)
      await this.#again()
    }
  }

  async #again(): Promise<void> {
    for (let tried = 1; !this.#stopping.signal.aborted; tried++) {
      try {
        this.#primary = await startPrimary(this.#parts, this.#state)
        await this.#parts.socket.leadTo(this.#primary.socketFolder)
        return
      } catch (error) {
        this.#parts.listener.say(error instanceof Error ? error.message : String(error))
      }
      if (tried >= STARTS_MAX && this.#standby !== null)
        try {
          await this.change({ kind: 'failover' })
          return
        } catch (error) {
          this.#parts.listener.say(`The standby could not take over: ${String(error)}`)
        }
      await pause(START_PAUSE_MS, undefined, { signal: this.#stopping.signal })
    }
  }

  async #change(kind: ChangeKind): Promise<SiteChange> {
    const standby = this.#standby
    if (standby === null) throw new Error(this.#why ?? 'there is no standby yet')
    const servers = { primary: this.#primary, standby }
    const { state, change } = await changePrimary(this.#changeParts, this.#state, servers, kind)
    this.#state = state
    this.#primary = standby
    this.#standby = null
    await this.#parts.socket.leadTo(standby.socketFolder)
    this.#changes.push(change)
    this.#parts.listener.say(`The database moved from site ${change.from} to site ${change.to} (${kind})`)
    this.#heard(change)
    return change
  }

  /** Has a standby, and another one whenever it ends or takes over. */
  async #keepStandby(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const primary = this.#primary
      try {
        const site = otherSite(this.#state.primary)
        const standby = await startStandby(this.#parts, site, primary, () => sendsLog(primary.url))
        this.#why = null
        this.#standby = standby
        await Promise.race([standby.ended, this.#untilPromoted(standby)])
        // Whoever stops everything stops this one as well.
        if (this.#standby === standby && !signal.aborted) this.#standby = null
        await pause(LOOK_MS, undefined, { signal }).catch(() => {})
      } catch (error) {
        this.#why = error instanceof Error ? error.message : String(error)
        await pause(STANDBY_PAUSE_MS, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** Resolves when this standby has become the primary, or everything stops. */
  async #untilPromoted(standby: PostgresServer): Promise<void> {
    while (this.#primary !== standby && !this.#stopping.signal.aborted)
      await pause(LOOK_MS, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}
