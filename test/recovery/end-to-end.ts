/** A whole system that is written to, backed up, killed and brought back in every way that it must be. */
import { execFile } from 'node:child_process'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { RepositoryError, type Repository } from '#backup'
import { fenceServer, startPostgres } from '#database'
import type { Database } from '../../platform/db/index.ts'
import { Problem } from '../../platform/kernel/problem.ts'
import { testCluster } from '../../platform/recovery/replication/cluster.fixture.ts'
import {
  proveBackup,
  restoreSystem,
  rowsOfTables,
  type RestoredSystem,
  type Told,
  type WholeRestore,
} from '../../platform/recovery/restore/index.ts'
import type { OpenedReading } from '../../platform/recovery/restore/open-reading.ts'
import { recoveryWorld, type RecoveryWorld } from '../../platform/recovery/restore/world.fixture.ts'
import { cut, damaged, flip, objectsLike, swap } from './damage.ts'
import { erasedStayUnreadable, eraseSome, keysApart, type KeysApart } from './erasure.ts'

/** What was written, to be counted again after each way back. */
interface Written {
  readonly full: string
  readonly second: string
  readonly moment: Date
  readonly atMoment: number
  readonly atEnd: number
  readonly entries: number
}

/** What the cases work with: the system was killed, only stores and keys are left. */
interface Ruins {
  readonly world: RecoveryWorld
  readonly written: Written
  readonly repository: Repository
  /** The restore of the moment, made once for the cases that look at it. */
  readonly atMoment: () => Promise<Back & { readonly erasedUnreadable: boolean }>
}

/** What a restore brought back. */
interface Back {
  readonly restored: RestoredSystem
  readonly samples: number
  readonly rows: number
}

type Case = readonly [id: string, run: (ruins: Ruins) => Promise<boolean>]

const insert = (world: RecoveryWorld, rows: number) =>
  world.cluster.sql.query(
    'insert into public.sample (text) select md5(i::text) from generate_series(1, $1::int) i',
    [rows],
  )

/** Everything that a database goes through: rows, dropped and rewritten tables, a ledger, one full and two incremental backups, log. */
async function live(world: RecoveryWorld, apart: KeysApart): Promise<Written> {
  const { sql } = world.cluster
  await sql.query(
    'create table public.sample (id bigint generated always as identity primary key, text text)',
  )
  await insert(world, 1000)
  await world.happen(30)
  await world.beat()
  const full = await world.driver.full()
  await sql.query('create table public.gone as select * from public.sample')
  await insert(world, 300)
  await pause(1000)
  const first = await world.driver.incremental(full.name)
  await sql.query('drop table public.gone')
  await sql.query('delete from public.sample where id <= 100')
  await sql.query('vacuum full public.sample')
  await pause(1000)
  const second = await world.driver.incremental(first.name)
  await insert(world, 200)
  await world.happen(10)
  await world.beat()
  await pause(20)
  const moment = new Date()
  await pause(20)
  await insert(world, 50)
  await eraseSome(world, apart)
  await world.happen(7)
  await world.keepLedger()
  await world.beat()
  await world.wal.flush()
  return { full: full.name, second: second.name, moment, atMoment: 1400, atEnd: 1450, entries: 47 }
}

/** As a power cut would: the server and every process of it, at once. */
async function killCluster(world: RecoveryWorld): Promise<void> {
  await world.wal.stop()
  await world.db.destroy()
  // A connection that was just closed may end by itself meanwhile.
  await fenceServer(join(world.cluster.folder, 'data'))
  await world.cluster.server.ended
}

async function back(
  { world, repository }: Pick<Ruins, 'world' | 'repository'>,
  at: Date | 'latest',
  more: { readonly region?: string; readonly look?: (db: Database) => Promise<void> } = {},
): Promise<Back> {
  const into = join(world.folder, `back-${back.count++}`)
  const { look, ...from } = more
  let counts: ReadonlyMap<string, number> = new Map()
  const restored = await restoreSystem(repository, {
    target: { at },
    into,
    migrate: false,
    ...from,
    also: async (db) => {
      counts = await rowsOfTables(db)
      await look?.(db)
    },
  })
  await rm(into, { recursive: true, force: true })
  return {
    restored,
    samples: counts.get('public.sample') ?? 0,
    rows: counts.get('surety.audit_event') ?? 0,
  }
}
back.count = 0

/** Whether a restore is refused with one of these codes, for an object of this name, with nothing left under its name. */
async function refused(
  ruins: Ruins,
  codes: readonly string[],
  object: RegExp,
  at: Date | 'latest' = 'latest',
): Promise<boolean> {
  const into = join(ruins.world.folder, 'refused')
  try {
    await restoreSystem(ruins.repository, { target: { at }, into, migrate: false })
    return false
  } catch (error) {
    const [code, named] =
      error instanceof RepositoryError
        ? [error.code, error.path]
        : error instanceof Problem
          ? [error.code, error.detail]
          : ['', String(error)]
    const good = codes.includes(code) && object.test(named)
    if (!good) console.log(String(error))
    return good && !existsSync(into) && !existsSync(`${into}.restoring`)
  }
}

const BOTH = ['region-a', 'region-b']
const KINDS: readonly (readonly [name: string, like: RegExp])[] = [
  ['archive of a full backup', /-full\/base\.tar\/\d+\.obj$/],
  ['archive of an incremental backup', /-incr\/base\.tar\/\d+\.obj$/],
  ['file list of PostgreSQL', /-incr\/backup_manifest\.obj$/],
  ['manifest', /-full\/manifest\.note$/],
  ['segment or piece of the log', /\/wal\/.*(?:\.obj|\.tail)$/],
]

/** What a changed object may be called. */
const CHANGED = ['damaged', 'foreign', 'unsigned']

function tampering(): Case[] {
  const ways = { flipped: flip, truncated: cut, swapped: swap }
  return KINDS.flatMap(([name, like]) =>
    Object.entries(ways).map(([way, damage]): Case => [
      `${name} ${way} in both regions is refused by its name`,
      (ruins) => damaged(ruins, like, BOTH, damage, () => refused(ruins, CHANGED, like)),
    ]),
  )
}

const CASES: readonly Case[] = [
  [
    'every row is back to the last byte after kill -9',
    async (ruins) => {
      const { restored, samples, rows } = await back(ruins, 'latest')
      const { atEnd, entries } = ruins.written
      return samples === atEnd && rows === entries && restored.chain.length === 3 && restored.bad.length === 0
    },
  ],
  [
    'every row of a moment is back and none of later; policy 8.2-a.3: ledger entries since stay, with their rows',
    async (ruins) => {
      const { restored, samples, rows } = await ruins.atMoment()
      const { atMoment, entries } = ruins.written
      const lost = restored.lostSeconds ?? 99
      const kept = rows === entries && restored.ledger?.entries === entries
      return samples === atMoment && lost < 5 && kept && restored.ledger?.rowsCaughtUp === 7
    },
  ],
  [
    'policy 6.1-a: a backup in the middle of a chain is proved by itself',
    async ({ world, repository, written }) => {
      const proof = await proveBackup(repository, { backup: written.second, scratch: world.folder })
      const left = (await readdir(world.folder)).filter((name) => name.startsWith('surety-proof'))
      return proof.chain.length === 3 && proof.pages > 1000 && proof.rows > 1200 && left.length === 0
    },
  ],
  [
    'a moment that the log does not reach is refused',
    (ruins) => refused(ruins, ['recovery.target'], /last transaction/, new Date(Date.now() + 3_600_000)),
  ],
  [
    'nothing is restored over anything',
    async ({ world, repository }) => {
      const into = join(world.folder, 'ledger')
      const before = await readdir(into)
      const error = await restoreSystem(repository, { target: { at: 'latest' }, into, migrate: false }).catch(
        (cause: unknown) => cause,
      )
      const same = (await readdir(into)).join() === before.join()
      return error instanceof Problem && error.code === 'recovery.not-empty' && same
    },
  ],
  [
    'a damaged object of one region is read from the other, and named',
    (ruins) =>
      damaged(ruins, /-full\/base\.tar\/\d+\.obj$/, ['region-a'], flip, async () => {
        const { restored, samples } = await back(ruins, 'latest', { region: 'region-a' })
        const [bad] = restored.bad
        return samples === ruins.written.atEnd && bad?.region === 'region-a' && bad.path.endsWith('.obj')
      }),
  ],
  ...BOTH.map((region): Case => [
    `policy 6.1-c: everything comes back with ${region} gone`,
    async (ruins) => {
      const place = join(ruins.world.settings.SURETY_BACKUPS, region)
      await rename(place, `${place}.gone`)
      const reading = await ruins.world.reading()
      try {
        const { samples } = await back({ ...ruins, repository: reading.repository }, 'latest')
        return samples === ruins.written.atEnd
      } finally {
        await reading.close()
        await rm(place, { recursive: true, force: true })
        await rename(`${place}.gone`, place)
      }
    },
  ]),
  ...tampering(),
  [
    'policy 6.1-e: no object of a backup can be removed before its time',
    async ({ world }) => {
      const [store] = world.house.stores
      const [path = ''] = await objectsLike(world, 'region-a', /-full\/base\.tar\/\d+\.obj$/)
      const error = await store?.remove(path).catch((cause: unknown) => cause)
      return error instanceof RepositoryError && error.code === 'locked' && (await store?.head(path)) !== null
    },
  ],
  [
    'policy 6.1-d: without an identity nothing opens, and with the escrow key everything does',
    async (ruins) => {
      const without = await ruins.world.reading('nothing')
      const locked = await refused({ ...ruins, repository: without.repository }, ['no-key'], /epoch\.note$/)
      await without.close()
      const escrow = await ruins.world.reading('escrow-keys')
      try {
        const { samples } = await back({ ...ruins, repository: escrow.repository }, 'latest')
        return locked && samples === ruins.written.atEnd
      } finally {
        await escrow.close()
      }
    },
  ],
  [
    'GDPR article 17: an erased workspace, contact and account stay unreadable in a restore of before, and others do not',
    async (ruins) => (await ruins.atMoment()).erasedUnreadable,
  ],
  ['a lost machine comes back from stores and recovery identity alone, and starts', machineLoss],
]

/** The whole way with the program that people run: keys folder and data are gone, and a server starts on what comes back. */
async function machineLoss({ world, written }: Ruins): Promise<boolean> {
  const program = fileURLToPath(new URL('../../launch/restore.ts', import.meta.url))
  const into = join(world.folder, 'anew')
  const environment = {
    ...process.env,
    ...world.settings,
    BACKUP_RESIDENCY: '',
    SURETY_VAR: join(world.folder, 'var-anew'),
    SURETY_KEYS: join(world.folder, 'keys-anew'),
    SURETY_KEYRING: join(world.folder, 'keyring-anew'),
    SURETY_RECOVERY_KEYS: join(world.folder, 'recovery-keys'),
    SURETY_CONFIG: '/dev/null',
  }
  await writeFile(join(world.folder, 'empty.json'), '{}')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, JSON.stringify({ do: 'restore', at: 'latest', into })],
    { env: { ...environment, SURETY_CONFIG: join(world.folder, 'empty.json') }, maxBuffer: 10_000_000 },
  )
  const told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Told<WholeRestore>
  if (!('result' in told)) {
    console.log(stdout)
    return false
  }
  // As `npm start` starts it: on its folder, with the password of the new key folder.
  const server = await startPostgres({
    dataFolder: join(into, 'postgres'),
    passwordFile: join(world.folder, 'keys-anew/postgres-password'),
  })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    const { rows } = await client.query<{ count: string }>('select count(*) as count from public.sample')
    const event = await client.query("select 1 from surety.audit_event where type = 'recovery.restored'")
    return Number(rows[0]?.count) === written.atEnd && event.rowCount === 1
  } finally {
    await client.end()
    await server.stop()
    await rm(server.socketFolder, { recursive: true, force: true })
  }
}

function ruinsOf(world: RecoveryWorld, written: Written, reading: OpenedReading, apart: KeysApart): Ruins {
  const { repository } = reading
  const restored = async () => {
    let erasedUnreadable = false
    const look = async (db: Database): Promise<void> => {
      erasedUnreadable = await erasedStayUnreadable(db, reading, apart)
    }
    return { ...(await back({ world, repository }, written.moment, { look })), erasedUnreadable }
  }
  let once: ReturnType<typeof restored> | null = null
  return { world, written, repository, atMoment: () => (once ??= restored()) }
}

/** Runs every case on one killed system; an error counts as a failure of its case. */
export async function conformEndToEnd(): Promise<{
  readonly passed: number
  readonly failed: readonly string[]
}> {
  const [world, cluster] = await Promise.all([recoveryWorld(), testCluster()])
  const apart = await keysApart(world, cluster)
  const failed: string[] = []
  let passed = 0
  try {
    const written = await live(world, apart)
    await killCluster(world)
    const reading = await world.reading()
    const ruins = ruinsOf(world, written, reading, apart)
    try {
      for (const [id, run] of CASES) {
        const began = performance.now()
        const good = await run(ruins).catch((error: unknown) => {
          console.log(error)
          return false
        })
        if (process.env['CONFORM_TIMES'] !== undefined)
          console.log(`${((performance.now() - began) / 1000).toFixed(1)} s ${good ? 'ok' : 'FAILED'} ${id}`)
        if (good) passed += 1
        else failed.push(id)
      }
    } finally {
      await reading.close()
    }
  } finally {
    await apart.close()
    await world.close()
  }
  return { passed, failed }
}
