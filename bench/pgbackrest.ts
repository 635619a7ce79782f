import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serverEnvironment, serverUser, type ServerUser } from '#database'
import { systemClock } from '../platform/kernel/clock.ts'
import { restoreInto } from '../platform/recovery/restore/index.ts'
import { openReading } from '../platform/recovery/restore/open-reading.ts'
import { olderCluster, olderPrograms } from '../platform/recovery/replication/older-cluster.fixture.ts'
import type { TestCluster } from '../platform/recovery/replication/cluster.fixture.ts'
import { fillSample, measured, openSampleDriver, sampleFolders } from './backup-sample.ts'
import type { Figure } from './figure.ts'

const run = promisify(execFile)
/** Of rows; less for a quick look. */
const MEGABYTES = Number(process.env['BENCH_BACKUP_MB'] ?? 512)
const ROUNDS = 2
const STANZA = 'sample'

type Show = (figure: Figure) => void

interface Spent {
  readonly seconds: number
  readonly processorSeconds: number
}

/** pgBackRest with a folder of its own, as the user of the server. */
interface Peer {
  /** Runs a command of it and says what it took, with every process that it began. */
  run(...options: readonly string[]): Promise<Spent>
}

async function ownFolder(path: string, user: ServerUser | null): Promise<string> {
  await mkdir(path, { mode: 0o700 })
  if (user !== null) await chown(path, user.uid, user.gid)
  return path
}

async function openPeer(cluster: TestCluster, folder: string): Promise<Peer> {
  const user = await serverUser()
  const home = await ownFolder(join(folder, 'pgbackrest'), user)
  const file = join(folder, 'pgbackrest.conf')
  // As ours: packed with zstd 1, encrypted, begun with an immediate checkpoint, on both processors.
  await writeFile(
    file,
    `[global]
repo1-path=${home}
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=sample
repo1-retention-full=9
log-level-console=warn
log-level-file=off
lock-path=${home}
spool-path=${home}
compress-type=zst
compress-level=1
process-max=2
start-fast=y
archive-check=n
[${STANZA}]
pg1-path=${cluster.server.dataFolder}
pg1-socket-path=${cluster.server.socketFolder}
pg1-user=surety
pg1-database=surety
`,
    { mode: 0o644 },
  )
  return {
    run: async (...options) => {
      const command = ['pgbackrest', `--config=${file}`, `--stanza=${STANZA}`, ...options]
      // The shell counts the processor time of all that it waited for.
      const script = 'TIMEFORMAT="spent %R %U %S"; time "$@"'
      const at = { cwd: home, env: serverEnvironment(), ...user }
      const { stderr } = await run('bash', ['-c', script, 'bash', ...command], at)
      const [seconds, own, kernel] = (/spent (\S+) (\S+) (\S+)/.exec(stderr) ?? []).slice(1).map(Number)
      if (seconds === undefined || own === undefined || kernel === undefined) throw new Error(stderr)
      return { seconds, processorSeconds: own + kernel }
    },
  }
}

/** The better of some rounds, taken in turns. */
async function inTurns(...works: readonly (() => Promise<Spent>)[]): Promise<Spent[]> {
  const best: Spent[] = []
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, work] of works.entries()) {
      const spent = await work()
      const known = best[at]
      best[at] = {
        seconds: Math.min(spent.seconds, known?.seconds ?? Infinity),
        processorSeconds: Math.min(spent.processorSeconds, known?.processorSeconds ?? Infinity),
      }
      // Two backups are not named by the same second.
      await new Promise((resolve) => setTimeout(resolve, 1001))
    }
  return best
}

function showBoth(show: Show, what: string, ours: Spent | undefined, peer: Spent | undefined): void {
  if (ours === undefined || peer === undefined) throw new Error('nothing was measured')
  const figure = (name: string, of: keyof Spent): void =>
    show({
      what: name,
      ours: ours[of],
      unit: 's',
      beside: { kind: 'peer', name: 'pgBackRest', value: peer[of] },
    })
  figure(what, 'seconds')
  figure('  processor time', 'processorSeconds')
}

async function figures(show: Show, cluster: TestCluster, folder: string): Promise<void> {
  const peer = await openPeer(cluster, folder)
  await peer.run('stanza-create')
  const { driver, close } = await openSampleDriver(cluster.url, folder)
  const names: string[] = []
  let bytes = 0
  try {
    const wal = await driver.startWal()
    const full = async (): Promise<Spent> => {
      const taken = await measured(() =>
        driver.full((progress) => (bytes = Math.max(bytes, progress.totalBytes ?? 0))),
      )
      names.push(taken.result.name)
      return taken
    }
    const [ours, theirs] = await inTurns(full, () => peer.run('--type=full', 'backup'))
    await wal.flush()
    await wal.stop()
    showBoth(show, `full of ${Math.round(bytes / 1e6)} MB, to two folders (theirs: one)`, ours, theirs)
  } finally {
    await close()
  }
  await restores(show, peer, folder, names.at(-1) ?? '')
}

/** Restores of the newest backup into new folders, on the disk at the end; the log is replayed by neither. */
async function restores(show: Show, peer: Peer, folder: string, backup: string): Promise<void> {
  const reading = await openReading({ ...sampleFolders(folder), clock: systemClock })
  const user = await serverUser()
  const theirPlace = join(folder, 'theirs')
  const ourPlace = join(folder, 'ours')
  try {
    const ours = async (): Promise<Spent> => {
      await rm(ourPlace, { recursive: true, force: true })
      return measured(() =>
        restoreInto(reading.repository, { target: { at: 'latest' }, into: ourPlace, backup }),
      )
    }
    const theirs = async (): Promise<Spent> => {
      await rm(theirPlace, { recursive: true, force: true })
      await ownFolder(theirPlace, user)
      return peer.run(`--pg1-path=${theirPlace}`, '--type=none', 'restore')
    }
    const [our, their] = await inTurns(ours, theirs)
    showBoth(show, 'its restore, on the disk', our, their)
  } finally {
    await reading.close()
  }
}

/** Backups and restores of one PostgreSQL 15 or 16 by this system and by pgBackRest, in turns. */
export async function pgbackrest(show: Show): Promise<void> {
  const programs = olderPrograms()
  const found = await run('pgbackrest', ['version']).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  )
  if (programs === null || found === null) {
    console.log(
      '  skipped: apt-get install pgbackrest postgresql-15 (or SURETY_PEER_POSTGRES=its bin folder)',
    )
    return
  }
  console.log(`  ${found} and ${programs}`)
  const folder = await mkdtemp(join(tmpdir(), 'surety-bench-pgbackrest-'))
  await chmod(folder, 0o755)
  const cluster = await olderCluster(programs)
  try {
    await fillSample(cluster.url, MEGABYTES)
    await figures(show, cluster, folder)
  } finally {
    await cluster.close()
    await rm(folder, { recursive: true, force: true })
  }
}
