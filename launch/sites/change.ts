import {
  endedAt,
  fenceServer,
  hasCluster,
  hasReplayed,
  isStandby,
  promote,
  serverPlace,
  setAside,
  type PostgresServer,
} from '#database'
import { otherSite, type SiteName, type SiteState } from './state.ts'

/** How the primary was replaced. */
export type ChangeKind = 'failover' | 'switchover'

/** What was seen of one change of the primary; moments are ISO 8601. */
export interface SiteChange {
  readonly kind: ChangeKind
  readonly from: SiteName
  readonly to: SiteName
  readonly term: number
  readonly beganAt: string
  readonly fencedAt: string
  readonly promotedAt: string
  /** Where the new primary stood when it was promoted. */
  readonly lsn: string | null
  /** Where the data of the old one was set aside; null when nothing was left of it, or when it could not be moved. */
  readonly aside: string | null
}

/** What a change works on. */
export interface ChangeParts {
  readonly folderOf: (site: SiteName) => string
  readonly keep: (state: SiteState) => Promise<void>
  readonly now: () => Date
  /** Hears of what failed after the change was made. */
  readonly say: (line: string) => void
}

/** How long a standby may take to replay what a server wrote before it stopped (milliseconds). */
const REPLAY_MS_MAX = 60_000

/** Stops the primary in order and waits until the standby has all that it wrote; throws, with the primary stopped, when it has not. */
async function stopInOrder(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  if ((await serverPlace(primary.url)) === null)
    throw new Error('the server that takes writes does not answer')
  // A fast shutdown sends the standby everything before it ends, if that is connected until then.
  await primary.stop()
  const last = await endedAt(primary.dataFolder)
  const giveUpAt = performance.now() + REPLAY_MS_MAX
  while (!(await hasReplayed(standby.url, last)))
    if (performance.now() > giveUpAt) throw new Error('the standby lacks a part of the log')
}

/** Promotes the standby; what cannot be promoted is stopped, so that it does not take writes later, beside the old server. */
async function promoteNow(folder: string, standby: PostgresServer): Promise<void> {
  try {
    await promote(standby.url)
  } catch (error) {
    if ((await serverPlace(standby.url))?.standby === false) return
    await standby.stop()
    if ((await hasCluster(folder)) && !(await isStandby(folder))) return
    throw error
  }
}

/**
 * Replaces the primary by its standby: the old one is fenced before the new one takes writes, and what is about to happen is
 * kept before it does, so that a start in between knows. Throws, with nothing promoted, when a step fails; once the new one is
 * promoted nothing leads back, and what fails then is only told. Policy 6.2-d.
 */
export async function changePrimary(
  parts: ChangeParts,
  state: SiteState,
  servers: { readonly primary: PostgresServer; readonly standby: PostgresServer },
  kind: ChangeKind,
): Promise<{ readonly state: SiteState; readonly change: SiteChange }> {
  const to = otherSite(state.primary)
  const beganAt = parts.now().toISOString()
  const { primary, standby } = servers
  if (kind === 'switchover') await stopInOrder(primary, standby)
  await parts.keep({ ...state, switchingTo: to })
  let fencedAt: string
  let lsn: string | null
  try {
    await fenceServer(primary.dataFolder)
    fencedAt = parts.now().toISOString()
    lsn = (await serverPlace(standby.url))?.lsn ?? null
    await promoteNow(parts.folderOf(to), standby)
  } catch (error) {
    await parts.keep(state)
    throw error
  }
  const promotedAt = parts.now().toISOString()
  const next: SiteState = { primary: to, switchingTo: null, term: state.term + 1 }
  const aside = await leaveBehind(parts, state.primary, next)
  const ends = { beganAt, fencedAt, promotedAt }
  return { state: next, change: { kind, from: state.primary, to, term: next.term, ...ends, lsn, aside } }
}

/** From here on the old data belongs to the past and must never be started again: first the state says so, then it is moved away. */
async function leaveBehind(parts: ChangeParts, from: SiteName, next: SiteState): Promise<string | null> {
  const told = (what: string) => (error: unknown) => {
    parts.say(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
  // A start that finds the state of before sees by the mark of the new server that it was promoted.
  await parts.keep(next).catch(told('Which database takes writes could not be kept'))
  return setAside(parts.folderOf(from)).catch(told(`The old data of site ${from} could not be moved away`))
}

/** What a start makes of a change that was cut off: the new server is the primary if it was promoted, else nothing happened. */
export async function settleState(parts: ChangeParts, state: SiteState): Promise<SiteState> {
  const { switchingTo: to, primary } = state
  if (to === null) return state
  // The server takes this mark away before it takes its first write; where there is no server, nothing was promoted.
  const promoted = (await hasCluster(parts.folderOf(to))) && !(await isStandby(parts.folderOf(to)))
  if (promoted) await setAside(parts.folderOf(primary))
  const next: SiteState = promoted
    ? { primary: to, switchingTo: null, term: state.term + 1 }
    : { ...state, switchingTo: null }
  await parts.keep(next)
  return next
}
