import {
  becomeStandby,
  dataPlace,
  hasCluster,
  isStandby,
  serverPlace,
  setAside,
  startPostgres,
  type PostgresServer,
} from '#database'
import { otherSite, type SiteName, type SiteState } from './state.ts'

/** The slot, and the name under which a standby is seen on the server that it follows. */
export const STANDBY_NAME = 'surety_standby'

/** What both sites have in common. */
export interface SiteParts {
  readonly folders: Readonly<Record<SiteName, string>>
  readonly passwordFile: string
  readonly settings: readonly string[]
  /** The user that replicates, with its password; there once the first server has run. */
  readonly replication: () => { readonly user: string; readonly password: string }
  /** Copies the cluster at `url`, as that user, into a folder that is not there. */
  readonly copy: (url: string, into: string) => Promise<void>
}

/** Starts the server of a site. */
export function startSite(parts: SiteParts, site: SiteName): Promise<PostgresServer> {
  return startPostgres({
    dataFolder: parts.folders[site],
    passwordFile: parts.passwordFile,
    settings: parts.settings,
  })
}

/**
 * Starts the server of the site that takes writes. Only a first start makes its data: where there was one before, or where the
 * other site has any, data that is gone is never replaced by an empty database. Throws what is missing.
 */
export async function startPrimary(
  parts: SiteParts,
  { primary, term }: Pick<SiteState, 'primary' | 'term'>,
): Promise<PostgresServer> {
  const { [primary]: mine, [otherSite(primary)]: other } = parts.folders
  if (!(await hasCluster(mine)) && (term > 0 || (await hasCluster(other))))
    throw new Error(
      `The database of site ${primary}, which takes writes, is not in ${mine}: bring it back, or restore a backup there`,
    )
  return startSite(parts, primary)
}

/** The address of a server for the user that replicates. */
function replicationUrl(parts: SiteParts, primary: PostgresServer): string {
  const { user, password } = parts.replication()
  return primary.url.replace(/\/\/[^@]*@/, `//${user}:${encodeURIComponent(password)}@`)
}

/** How long a standby that was there may take to follow before it is made anew, in looks. */
const LOOKS_MAX = 40
const LOOK_MS = 250

/** Makes the standby of `primary` anew; what stood in its place is set aside first. */
async function makeAnew(parts: SiteParts, site: SiteName, primary: PostgresServer): Promise<void> {
  const folder = parts.folders[site]
  await setAside(folder)
  const place = await dataPlace(folder)
  await parts.copy(replicationUrl(parts, primary), place)
  await becomeStandby(place, {
    socketFolder: primary.socketFolder,
    slot: STANDBY_NAME,
    ...parts.replication(),
  })
}

/** Whether a standby follows: it is one, and the log that it has replayed grows or is the primary's own. */
async function follows(standby: PostgresServer, follower: () => Promise<boolean>): Promise<boolean> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const place = await serverPlace(standby.url)
    if (place !== null && !place.standby) return false
    if (place !== null && (await follower())) return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return false
}

/**
 * Starts the standby on a site: the one that is there when it still follows, else one made anew from the primary.
 * `follower` tells whether the primary sends its log to it. Throws when neither works.
 */
export async function startStandby(
  parts: SiteParts,
  site: SiteName,
  primary: PostgresServer,
  follower: () => Promise<boolean>,
): Promise<PostgresServer> {
  const folder = parts.folders[site]
  if ((await hasCluster(folder)) && (await isStandby(folder))) {
    const there = await startSite(parts, site).catch(() => null)
    if (there !== null && (await follows(there, follower))) return there
    await there?.stop()
  }
  await makeAnew(parts, site, primary)
  const made = await startSite(parts, site)
  if (await follows(made, follower)) return made
  await made.stop()
  throw new Error('the standby does not follow')
}
