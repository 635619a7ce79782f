import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, cp, lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { makePrivate, packagedBinaries, reachable } from './embedded.ts'
import { serverEnvironment, serverUser, type ServerUser } from './server-user.ts'

/** A server on a data folder that came from elsewhere, reachable only through a socket in a private folder of its own. */
export interface ServedFolder {
  /** Connection URL of one of its databases, as a user of that cluster; no password is asked for. */
  url(database: string, user?: string): string
  readonly socketFolder: string
  readonly processId: number
  /** Resolves with a sentence when the server ends, wanted or not. */
  readonly ended: Promise<string>
  /** Fast shutdown; everything committed is kept. */
  stop(): Promise<void>
}

/** The server of such a folder did not come up; `lines` are the last ones that it wrote. */
export class ServerRefused extends Error {
  readonly lines: readonly string[]

  constructor(why: string, lines: readonly string[]) {
    super(`PostgreSQL did not start: ${why}`)
    this.name = 'ServerRefused'
    this.lines = lines
  }
}

/** How long a recovery may take before it counts as failed. */
const WAIT_MS = 4 * 60 * 60_000
/** Lines that are kept of what a server writes. */
const LINES_MAX = 200

/**
 * What such a server must not do whatever its own configuration says: listen on a network, archive, follow or be followed,
 * wait for a standby, load what is not here. Recovery needs no connections, so none are let in before its end.
 */
const ALONE = [
  'listen_addresses=',
  'unix_socket_permissions=0700',
  'hot_standby=off',
  'archive_mode=off',
  'primary_conninfo=',
  'primary_slot_name=',
  'synchronous_standby_names=',
  'ssl=off',
  'logging_collector=off',
  'log_destination=stderr',
  'shared_preload_libraries=',
  'max_prepared_transactions=64',
  'external_pid_file=',
]

/** Gives every file below a folder to the user of the server. */
async function giveTo(folder: string, user: ServerUser): Promise<void> {
  await chown(folder, user.uid, user.gid)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await giveTo(path, user)
    else if (!entry.isSymbolicLink() && (await lstat(path)).uid !== user.uid)
      await chown(path, user.uid, user.gid)
  }
}

/** The programs of PostgreSQL: those of `binaries` (a `bin` folder), else those that came along. */
async function programs(binaries: string | undefined, user: ServerUser | null): Promise<string> {
  if (binaries !== undefined) return binaries
  const packaged = packagedBinaries()
  if (await reachable(packaged, user)) return join(packaged, 'bin')
  const copy = '/var/lib/surety/postgresql'
  if (!existsSync(join(copy, 'bin/postgres')))
    await cp(packaged, copy, { recursive: true, verbatimSymlinks: false, dereference: true })
  return join(copy, 'bin')
}

/** A child that runs the server, with the last lines that it wrote. */
interface Running {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  readonly ended: Promise<string>
  /** Why it ended; null while it runs. */
  why(): string | null
}

async function firstAnswer(url: string, { why, lines }: Running, waitMs: number): Promise<void> {
  const giveUpAt = performance.now() + waitMs
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      const ended = why()
      if (ended !== null) throw new ServerRefused(ended, lines)
      if (performance.now() > giveUpAt) throw new ServerRefused('no answer in time', lines)
      // There is no such user: it answers, and waiting would not help.
      if ((error as { code?: string }).code === '28000') throw error
    }
    await pause(25)
  }
}

function launch(
  program: string,
  folders: { readonly data: string; readonly socket: string },
  settings: readonly string[],
  user: ServerUser | null,
): ChildProcess {
  const own = [
    `unix_socket_directories=${folders.socket}`,
    `hba_file=${join(folders.socket, 'pg_hba.conf')}`,
    `ident_file=${join(folders.socket, 'pg_ident.conf')}`,
  ]
  const options = [...ALONE, ...own, ...settings].flatMap((one) => ['-c', one])
  return spawn(program, ['-D', folders.data, ...options], {
    cwd: folders.socket,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnvironment(),
    // A group of its own: Ctrl-C in the terminal must not stop it in the middle of a recovery.
    detached: true,
    ...user,
  })
}

function followed(child: ChildProcess, onLine: ((line: string) => void) | undefined): Running {
  const lines: string[] = []
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      if (lines.length > LINES_MAX) lines.shift()
      onLine?.(line)
    })
  let reason: string | null = null
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve((reason = error.message)))
    child.once('close', (code, signal) =>
      resolve((reason = `exit ${code ?? signal ?? ''}: ${lines.at(-1) ?? ''}`)),
    )
  })
  return { child, lines, ended, why: () => reason }
}

/** A folder for the socket, with an access list of its own; it is closed to everybody else, which stands for a password here. */
async function socketFolder(user: ServerUser | null): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-restored-'))
  await makePrivate(folder, user)
  await writeFile(join(folder, 'pg_hba.conf'), 'local all all trust\n')
  await writeFile(join(folder, 'pg_ident.conf'), '')
  return folder
}

/** What `serveFolder` is told. */
export interface ServeOptions {
  readonly dataFolder: string
  /** The folder of the PostgreSQL programs, such as `/usr/lib/postgresql/18/bin`; without it, those that came along. */
  readonly binaries?: string | undefined
  /** The superuser of that cluster; `surety` unless told. */
  readonly superuser?: string | undefined
  /** Extra `name=value` server settings. */
  readonly settings?: readonly string[]
  readonly waitMs?: number
  readonly onLine?: (line: string) => void
}

/**
 * Starts a server on a restored data folder and waits until it has recovered and answers. It gets a configuration, an access
 * list and a socket folder of its own, whatever the cluster's own say. Throws `ServerRefused`.
 */
export async function serveFolder(options: ServeOptions): Promise<ServedFolder> {
  const { dataFolder, superuser = 'surety' } = options
  const user = await serverUser()
  if (!(await reachable(dirname(dataFolder), user)))
    throw new Error(`the system user of PostgreSQL cannot reach ${dataFolder}`)
  if (!existsSync(join(dataFolder, 'postgresql.conf')))
    await writeFile(join(dataFolder, 'postgresql.conf'), '', { mode: 0o644 })
  if (user !== null) await giveTo(dataFolder, user)
  const bin = await programs(options.binaries, user)
  const socket = await socketFolder(user)
  const child = launch(join(bin, 'postgres'), { data: dataFolder, socket }, options.settings ?? [], user)
  const running = followed(child, options.onLine)
  // SIGQUIT stops it at once: nobody but this process knows of it.
  const orphan = (): void => void child.kill('SIGQUIT')
  process.once('exit', orphan)
  void running.ended.then(() => process.off('exit', orphan))
  const host = encodeURIComponent(socket)
  const url = (database: string, as = superuser): string =>
    `postgresql://${encodeURIComponent(as)}@/${encodeURIComponent(database)}?host=${host}`
  const stop = async (): Promise<void> => {
    child.kill('SIGINT')
    await running.ended
    await rm(socket, { recursive: true, force: true })
  }
  try {
    await firstAnswer(url('postgres'), running, options.waitMs ?? WAIT_MS)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, socketFolder: socket, processId: child.pid ?? 0, ended: running.ended, stop }
}
