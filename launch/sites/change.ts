import {
  fenceServer,
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
  /** Where the data of the old one was set aside; null when nothing was left of it. */
  readonly aside: string | null
}

/** What a change works on. */
export interface ChangeParts {
  readonly folderOf: (site: SiteName) => string
  readonly keep: (state: SiteState) => Promise<void>
  readonly now: () => Date
}

/** How long a standby may take to replay what a server wrote before it stopped (milliseconds). */
const REPLAY_MS_MAX = 60_000

/** Stops the primary in order and waits until the standby has all that it wrote; throws, with the primary stopped, when it has not. */
async function stopInOrder(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  const last = (await serverPlace(primary.url))?.lsn ?? null
  if (last === null) throw new Error('the server that takes writes does not answer')
  // A fast shutdown sends the standby everything before it ends.
  await primary.stop()
  const giveUpAt = performance.now() + REPLAY_MS_MAX
  while (!(await hasReplayed(standby.url, last)))
    if (performance.now() > giveUpAt) throw new Error('the standby lacks a part of the log')
}

/**
 * Replaces the primary by its standby: the old one is fenced before the new one takes writes, and what is about to happen is
 * kept before it does, so that a start in between knows. Throws, with nothing promoted, when a step fails. Policy 6.2-d.
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
    await promote(standby.url)
  } catch (error) {
    await parts.keep(state)
    throw error
  }
  const promotedAt = parts.now().toISOString()
  // From here on the old data belongs to the past; it must never be started again.
  const aside = await setAside(parts.folderOf(state.primary))
  const next: SiteState = { primary: to, switchingTo: null, term: state.term + 1 }
  await parts.keep(next)
  const ends = { beganAt, fencedAt, promotedAt }
  return { state: next, change: { kind, from: state.primary, to, term: next.term, ...ends, lsn, aside } }
}

/** What a start makes of a change that was cut off: the new server is the primary if it was promoted, else nothing happened. */
export async function settleState(parts: ChangeParts, state: SiteState): Promise<SiteState> {
  const { switchingTo: to, primary } = state
  if (to === null) return state
  // The server takes this mark away before it takes its first write.
  const promoted = !(await isStandby(parts.folderOf(to)))
  if (promoted) await setAside(parts.folderOf(primary))
  const next: SiteState = promoted
    ? { primary: to, switchingTo: null, term: state.term + 1 }
    : { ...state, switchingTo: null }
  await parts.keep(next)
  return next
}
