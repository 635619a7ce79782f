import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type pg from 'pg'
import { serverEnvironment, serverUser, type PostgresServer, type ServerUser } from '#database'
import { clusterOf, connectedTo, type TestCluster } from './cluster.fixture.ts'

const run = promisify(execFile)

/** Where Debian puts the programs of servers that send no incremental backups. */
const PLACES = ['/usr/lib/postgresql/16/bin', '/usr/lib/postgresql/15/bin']

/** The programs of PostgreSQL 15 or 16: those of `SURETY_PEER_POSTGRES`, else where Debian puts them; null when there are none. */
export function olderPrograms(): string | null {
  const told = process.env['SURETY_PEER_POSTGRES']
  return (told === undefined ? PLACES : [told]).find((place) => existsSync(join(place, 'initdb'))) ?? null
}

const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'shared_buffers=8MB',
  'wal_level=replica',
  'max_wal_senders=6',
  'max_replication_slots=6',
  'max_slot_wal_keep_size=512MB',
]

/** Makes and starts a small server of an older version, as a server of an operator's own would be. */
export async function olderCluster(programs: string): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-older-'))
  await chmod(folder, 0o755)
  const user = await serverUser()
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')]
  for (const one of [data, socket]) await own(one, user)
  await run(
    join(programs, 'initdb'),
    ['-D', data, '--username=surety', '--encoding=UTF8', '--locale=C', '--auth=trust', '--data-checksums'],
    { cwd: socket, env: serverEnvironment(), ...user },
  )
  return clusterOf(folder, async () => {
    const server = await started(programs, { data, socket }, user)
    await connected(server.url.replace('/surety?', '/postgres?'), async (admin) => {
      const { rowCount } = await admin.query("select from pg_database where datname = 'surety'")
      if (rowCount === 0) await admin.query('create database surety')
    })
    return server
  })
}

async function own(folder: string, user: ServerUser | null): Promise<void> {
  await mkdir(folder, { mode: 0o700 })
  if (user !== null) await chown(folder, user.uid, user.gid)
}

async function connected(url: string, work: (one: pg.Client) => Promise<void>): Promise<void> {
  const one = await connectedTo(url)
  try {
    await work(one)
  } finally {
    await one.end()
  }
}

async function started(
  programs: string,
  { data, socket }: { readonly data: string; readonly socket: string },
  user: ServerUser | null,
): Promise<PostgresServer> {
  const options = [...SETTINGS, `unix_socket_directories=${socket}`].flatMap((one) => ['-c', one])
  const child = spawn(join(programs, 'postgres'), ['-D', data, ...options], {
    cwd: socket,
    stdio: 'ignore',
    env: serverEnvironment(),
    ...user,
  })
  const ended = new Promise<string>((resolve) => child.once('close', (code) => resolve(`exit ${code}`)))
  const url = (name: string): string => `postgresql://surety@/${name}?host=${encodeURIComponent(socket)}`
  for (let up = false; !up;) {
    up = await connected(url('postgres'), async () => {}).then(
      () => true,
      () => false,
    )
    if (child.exitCode !== null) throw new Error(`the server of ${programs} did not start`)
    if (!up) await pause(25)
  }
  return {
    url: url('surety'),
    dataFolder: data,
    socketFolder: socket,
    processId: child.pid ?? 0,
    ended,
    release: () => child.unref(),
    stop: async () => {
      child.kill('SIGINT')
      await ended
    },
  }
}
