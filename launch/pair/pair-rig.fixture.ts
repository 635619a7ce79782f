import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  BACKUP_USER,
  becomeStandby,
  dataPlace,
  ensureBackupUser,
  fenceServer,
  serverAddress,
  startPostgres,
  withServer,
  type PostgresServer,
  type ServerAddress,
} from '#database'
import { copyCluster } from '../../platform/recovery/standby/index.ts'
import { otherSite, type SiteName } from '../sites/state.ts'

const PASSWORD = 'a password of this test'
const SLOT = 'sample_standby'
const SETTINGS = [
  'shared_buffers=8MB',
  'max_connections=40',
  'wal_level=replica',
  'max_wal_senders=6',
  'fsync=off',
]

/** Two servers as an operator keeps them: nothing here belongs to the system that is tested. */
export interface PairRig {
  readonly home: string
  /** Program that ends a server at once, by `FENCE_SITE`. */
  readonly fenceProgram: string
  readonly address: (site: SiteName) => ServerAddress
  readonly url: (site: SiteName) => string
  readonly replicationUser: ServerAddress
  query<Row>(site: SiteName, text: string): Promise<Row[]>
  /** Makes a site anew as a standby of the other one, as an operator does before failing back. */
  makeStandby(site: SiteName): Promise<void>
  /** Starts an independent cluster on a site. */
  makeStranger(site: SiteName): Promise<void>
  /** Starts a site that was ended on the data that it has. */
  startAgain(site: SiteName): Promise<void>
  end(site: SiteName): Promise<void>
  remove(): Promise<void>
}

/** Looks until something has come about; real servers take their time. */
export async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  for (let tried = 0; tried < 1200; tried++) {
    if (await done().catch(() => false)) return
    await pause(50)
  }
  throw new Error(`${what} did not come about`)
}

const FENCE = `#!/bin/sh
# Ends the server of a site at once and waits until it is gone; one whose process is somebody else's by now is gone.
place="$(dirname "$0")/place-$FENCE_SITE"
read pid < "$place/postmaster.pid" || exit 1
[ "$(readlink "/proc/$pid/cwd")" = "$place" ] || exit 0
kill -QUIT "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
`

/** The servers of a rig, by their sites. */
class Servers {
  readonly #home: string
  readonly #more: readonly string[]
  readonly #running = new Map<SiteName, PostgresServer>()

  constructor(home: string, more: readonly string[]) {
    this.#home = home
    this.#more = more
  }

  folder(site: SiteName): string {
    return join(this.#home, `place-${site}`)
  }

  at(site: SiteName): PostgresServer {
    const server = this.#running.get(site)
    if (server === undefined) throw new Error(`site ${site} was never started`)
    return server
  }

  async start(site: SiteName): Promise<PostgresServer> {
    const settings = [...SETTINGS, ...this.#more]
    const passwordFile = join(this.#home, 'password')
    const server = await startPostgres({ dataFolder: this.folder(site), passwordFile, settings })
    this.#running.set(site, server)
    return server
  }

  async end(site: SiteName): Promise<void> {
    await fenceServer(await dataPlace(this.folder(site)))
    await this.#running.get(site)?.ended
  }

  async clear(site: SiteName): Promise<void> {
    await this.end(site)
    await rm(this.folder(site), { recursive: true, force: true })
  }

  async remove(): Promise<void> {
    for (const [site, { socketFolder }] of this.#running) {
      await this.end(site)
      await rm(socketFolder, { recursive: true, force: true })
    }
    await rm(this.#home, { recursive: true, force: true })
  }

  query<Row>(site: SiteName, text: string): Promise<Row[]> {
    const address = serverAddress(this.at(site).url)
    return withServer(address, async (client) => (await client.query(text)).rows as Row[])
  }
}

function asReplicator(url: string): string {
  return url.replace(/\/\/[^@]*@/, `//${BACKUP_USER}:${encodeURIComponent(PASSWORD)}@`)
}

async function makeStandby(servers: Servers, site: SiteName): Promise<void> {
  await servers.clear(site)
  const folder = servers.folder(site)
  const { url, socketFolder } = servers.at(otherSite(site))
  await copyCluster({ url: asReplicator(url), folder, slot: SLOT })
  await becomeStandby(folder, { socketFolder, user: BACKUP_USER, password: PASSWORD, slot: SLOT })
  await servers.start(site)
  await until('the standby follows', async () => {
    const asked = `select exists (select from pg_stat_replication where state = 'streaming') as up`
    return (await servers.query<{ up: boolean }>(otherSite(site), asked))[0]?.up === true
  })
}

/** Makes a primary on site `a` and its standby on site `b`. */
export async function openPairRig(more: readonly string[] = []): Promise<PairRig> {
  const home = await mkdtemp(join(tmpdir(), 'surety-pair-'))
  await chmod(home, 0o755)
  const servers = new Servers(home, more)
  const first = await servers.start('a')
  await ensureBackupUser(first.url, PASSWORD)
  await makeStandby(servers, 'b')
  const fenceProgram = join(home, 'fence')
  await writeFile(fenceProgram, FENCE, { mode: 0o755 })
  await mkdir(join(home, 'run'))
  return {
    home,
    fenceProgram,
    address: (site) => serverAddress(servers.at(site).url),
    url: (site) => servers.at(site).url,
    replicationUser: serverAddress(asReplicator(first.url)),
    query: (site, text) => servers.query(site, text),
    makeStandby: (site) => makeStandby(servers, site),
    makeStranger: async (site) => {
      await servers.clear(site)
      await servers.start(site)
    },
    startAgain: async (site) => void (await servers.start(site)),
    end: (site) => servers.end(site),
    remove: () => servers.remove(),
  }
}
