/**
 * Combines real chains of incremental backups with our engine and with pg_combinebackup, and compares every byte.
 * Usage: node test/peers/combine.ts [--rows N]; needs PostgreSQL's own programs, which it fetches once.
 */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import pg from 'pg'
import { extractArchive } from '#backup'
import { startPostgres } from '#database'
import { fileChecker, readDatabaseManifest } from '../../engines/backup/database-manifest.ts'
import { postgresTools } from './postgres-tools.ts'

const run = promisify(execFile)

/** What happens between two backups; each line is its own transaction. */
const STEPS: readonly (readonly string[])[] = [
  [
    "update wide set pad = repeat('b', 400) where id % 97 = 0",
    'insert into wide select g, g, repeat(md5(g::text), 12) from generate_series(10000001, 10003000) g',
  ],
  [
    'truncate small',
    'insert into small select g from generate_series(1, 50) g',
    'drop table doomed',
    'create table born as select g as id from generate_series(1, 20000) g',
    'create index on born (id)',
  ],
  [
    'delete from wide where id > 5000',
    'vacuum (full, analyze) wide',
    "insert into wide select g, g, 'after' from generate_series(20000001, 20001000) g",
  ],
  [
    'delete from shrinking where id > 100',
    'vacuum shrinking',
    'checkpoint',
    "insert into shrinking select g, repeat('n', 500) from generate_series(200001, 204000) g",
  ],
  [
    'create database second strategy wal_log',
    'create database third strategy file_copy',
    "alter table small add column more text default 'x'",
    'reindex table born',
    'cluster born using born_id_idx',
  ],
  ['drop database second', 'truncate born', 'vacuum', "update small set more = 'y'"],
  [],
]

async function prepare(client: pg.Client, rows: number): Promise<void> {
  const lines = [
    'create table wide (id bigint primary key, other bigint, pad text)',
    `insert into wide select g, g * 7, repeat(md5(g::text), 12) from generate_series(1, ${rows}) g`,
    'create index on wide (other)',
    'create table small (id int)',
    'insert into small select g from generate_series(1, 10000) g',
    'create table doomed as select g as id from generate_series(1, 10000) g',
    "create table shrinking as select g as id, repeat('s', 500) as pad from generate_series(1, 20000) g",
    'create unlogged table fleeting as select g as id from generate_series(1, 1000) g',
  ]
  for (const line of lines) await client.query(line)
}

interface Taken {
  readonly archive: string
  readonly plain: string
  readonly manifest: string
}

/** A backup as pg_basebackup takes it, as an archive and unpacked as pg_combinebackup wants it. */
async function take(
  tools: string,
  url: string,
  folder: string,
  name: string,
  parent: Taken | null,
): Promise<Taken> {
  const at = join(folder, name)
  const checksums = parent === null ? 'SHA256' : 'CRC32C'
  const incremental = parent === null ? [] : [`--incremental=${parent.manifest}`]
  await run(join(tools, 'pg_basebackup'), [
    '-d',
    url,
    '-D',
    at,
    '-Ft',
    '-X',
    'none',
    '-c',
    'fast',
    '--no-sync',
    `--manifest-checksums=${checksums}`,
    ...incremental,
  ])
  const plain = join(folder, `${name}-plain`)
  await mkdir(plain, { mode: 0o700 })
  await run('tar', ['-xf', join(at, 'base.tar'), '-C', plain])
  await run('cp', [join(at, 'backup_manifest'), plain])
  return { archive: join(at, 'base.tar'), plain, manifest: join(at, 'backup_manifest') }
}

/** Every file, folder and link below a folder that differs from the other, by name. */
async function differences(ours: string, theirs: string): Promise<string[]> {
  const listing = async (folder: string): Promise<Map<string, string>> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const named = entries.map(async (entry): Promise<[string, string]> => {
      const path = join(entry.parentPath, entry.name)
      const kind = entry.isFile()
        ? 'file'
        : entry.isDirectory()
          ? 'folder'
          : `link to ${await readlink(path)}`
      return [relative(folder, path), kind]
    })
    return new Map(await Promise.all(named))
  }
  const [a, b] = [await listing(ours), await listing(theirs)]
  b.delete('backup_manifest')
  const found: string[] = []
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    if (a.get(name) !== b.get(name)) found.push(name)
    else if (a.get(name) === 'file') {
      const [mine, other] = await Promise.all([readFile(join(ours, name)), readFile(join(theirs, name))])
      if (!mine.equals(other)) found.push(name)
    }
  }
  return found
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

async function compare(tools: string, folder: string, chain: readonly Taken[], at: number): Promise<boolean> {
  const ours = join(folder, 'ours')
  const theirs = join(folder, `theirs-${at}`)
  const last = chain[at]
  if (last === undefined) throw new Error('the chain is shorter')
  // Ours goes on from the state before, as a restore does.
  const own = await seconds(async () => {
    const checker = fileChecker(readDatabaseManifest(await readFile(last.manifest)), false)
    await extractArchive(createReadStream(last.archive, { highWaterMark: 2 ** 20 }), {
      folder: ours,
      onto: at > 0,
      checker,
    })
    checker.complete()
  })
  if (at === 0) return true
  const dirs = chain.slice(0, at + 1).map(({ plain }) => plain)
  const peer = await seconds(() => run(join(tools, 'pg_combinebackup'), [...dirs, '-o', theirs, '--no-sync']))
  const found = await differences(ours, theirs)
  console.log(
    `${at} incrementals: ${found.length} files differ (ours ${own.toFixed(2)} s for the last one, pg_combinebackup ${peer.toFixed(2)} s for the chain)`,
  )
  for (const name of found.slice(0, 10)) console.log(`  ${name}`)
  await rm(theirs, { recursive: true })
  return found.length === 0
}

async function main(tools: string, rows: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-combine-'))
  await chmod(folder, 0o755)
  const settings = [
    'summarize_wal=on',
    'wal_level=replica',
    'max_wal_senders=4',
    'shared_buffers=64MB',
    'fsync=off',
  ]
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    settings,
  })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    await prepare(client, rows)
    const chain = [await take(tools, server.url, folder, 'full', null)]
    for (const [at, step] of STEPS.entries()) {
      for (const line of step) await client.query(line)
      chain.push(await take(tools, server.url, folder, `incremental-${at}`, chain.at(-1) ?? null))
    }
    let same = true
    for (const at of chain.keys()) same = (await compare(tools, folder, chain, at)) && same
    return same
  } finally {
    await client.end()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const { values } = parseArgs({ options: { rows: { type: 'string', default: '40000' } } })
const tools = await postgresTools()
if (tools !== null) process.exitCode = (await main(tools, Number(values.rows))) ? 0 : 1
