import { execFile } from 'node:child_process'
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { startPostgres, type PostgresServer } from '#database'
import { postgresTools } from '../test/peers/postgres-tools.ts'
import { fillSample, measured, openSampleDriver } from './backup-sample.ts'
import type { Figure } from './figure.ts'

const run = promisify(execFile)
/** Of rows; less for a quick look. */
const MEGABYTES = Number(process.env['BENCH_BACKUP_MB'] ?? 512)
/** An hour of a busy system: one row in so many is changed. */
const CHANGED_ONE_IN = 100
const BYTES_PER_SECOND_MIN = 300e6

type Show = (figure: Figure) => void

async function filled(folder: string): Promise<PostgresServer> {
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    settings: [
      'shared_buffers=128MB',
      'wal_level=replica',
      'summarize_wal=on',
      'max_wal_senders=6',
      'max_wal_size=2GB',
    ],
  })
  await fillSample(server.url, MEGABYTES)
  return server
}

/** What PostgreSQL's own program takes, packed by the client and not encrypted; null where it is not there. */
async function besideBaseBackup(tools: string | null, url: string, folder: string): Promise<number | null> {
  if (tools === null) return null
  const into = join(folder, 'pg_basebackup')
  const options = ['-d', url, '-D', into, '-F', 't', '-X', 'none', '-c', 'fast', '--compress=client-zstd:1']
  const { seconds } = await measured(() => run(join(tools, 'pg_basebackup'), options))
  await rm(into, { recursive: true })
  return seconds
}

async function change(url: string): Promise<void> {
  const sql = new pg.Client({ connectionString: url })
  await sql.connect()
  await sql.query(`update sample set text = md5(text) || text where id % ${CHANGED_ONE_IN} = 0`)
  await sql.query('checkpoint')
  await sql.end()
}

async function figures(show: Show, server: PostgresServer, folder: string): Promise<void> {
  const tools = await postgresTools()
  const { driver, close } = await openSampleDriver(server.url, folder)
  try {
    let bytes = 0
    const take = () =>
      measured(() => driver.full((progress) => (bytes = Math.max(bytes, progress.totalBytes ?? 0))))
    // The better of two: the first one also reads the disk for the others, and loads what wraps keys.
    const first = await take()
    const second = await take()
    const full = second.seconds < first.seconds ? second : first
    const newest = second.result
    const megabytes = bytes / 1e6
    const peer = await besideBaseBackup(tools, server.url, folder)
    const copied = await measured(() => cp(server.dataFolder, join(folder, 'copy'), { recursive: true }))
    await rm(join(folder, 'copy'), { recursive: true })
    show({
      what: `full of ${Math.round(megabytes)} MB, sealed, to two folders`,
      ours: full.seconds,
      unit: 's',
      beside: { kind: 'limit', value: bytes / BYTES_PER_SECOND_MIN },
    })
    if (peer !== null)
      show({
        what: 'the same beside pg_basebackup, zstd 1, one folder',
        ours: full.seconds,
        unit: 's',
        beside: { kind: 'peer', name: 'pg_basebackup', value: peer },
      })
    show({
      what: 'the same beside a plain copy of the data folder',
      ours: full.seconds,
      unit: 's',
      beside: { kind: 'peer', name: 'copy', value: copied.seconds },
    })
    show({
      what: 'processor seconds a gigabyte',
      ours: (full.processorSeconds * 1e9) / bytes,
      unit: 's',
      beside: { kind: 'limit', value: 5.5 },
    })
    show({
      what: 'stored in a region',
      ours: full.result.bytes / 1e6,
      unit: 'MB',
      beside: { kind: 'peer', name: 'plain', value: megabytes },
    })
    await change(server.url)
    await new Promise((resolve) => setTimeout(resolve, 1001))
    const more = await measured(() => driver.incremental(newest.name))
    show({
      what: `increment after one row in ${CHANGED_ONE_IN} changed`,
      ours: more.result.bytes / 1e6,
      unit: 'MB',
      beside: { kind: 'peer', name: 'full', value: full.result.bytes / 1e6 },
    })
    show({ what: 'the time it took', ours: more.seconds, unit: 's', beside: { kind: 'none' } })
  } finally {
    await close()
  }
}

/** Backups over the replication protocol, beside PostgreSQL's own program where it is there, and a plain copy. */
export async function backup(show: Show): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-bench-backup-'))
  await chmod(folder, 0o755)
  const server = await filled(folder)
  try {
    await figures(show, server, folder)
  } finally {
    await server.stop()
    await rm(server.socketFolder, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  }
}
