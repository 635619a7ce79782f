import { join } from 'node:path'
import pg from 'pg'
import { packerThreads } from '#backup'
import { DAY, systemClock } from '../platform/kernel/clock.ts'
import { openBackupRepository } from '../platform/recovery/open-repository.ts'
import {
  factsOf,
  openParentManifests,
  openReplicationDriver,
} from '../platform/recovery/replication/index.ts'

/** What some work took; its processor time is that of this process alone. */
export interface Measured<Result> {
  readonly result: Result
  readonly seconds: number
  readonly processorSeconds: number
}

/** Does some work and says what it took. */
export async function measured<Result>(work: () => Promise<Result>): Promise<Measured<Result>> {
  const cpu = process.cpuUsage()
  const from = performance.now()
  const result = await work()
  const { user, system } = process.cpuUsage(cpu)
  return { result, seconds: (performance.now() - from) / 1000, processorSeconds: (user + system) / 1e6 }
}

/** Rows of about a kilobyte, half of which no compression can shorten. */
export async function fillSample(url: string, megabytes: number): Promise<void> {
  const sql = new pg.Client({ connectionString: url })
  await sql.connect()
  await sql.query('set synchronous_commit = off')
  await sql.query('create table sample (id int primary key, text text, sealed bytea)')
  const rows = Math.round((megabytes * 1024) / 1.1)
  for (let from = 0; from < rows; from += 20_000)
    await sql.query(
      `insert into sample
         select n, repeat(md5(n::text), 16), decode(string_agg(md5(random()::text || n), ''), 'hex')
           from generate_series($1::int, $2::int) n, generate_series(1, 32) group by n`,
      [from, Math.min(rows, from + 20_000) - 1],
    )
  // The first reader of a row marks it, and such a mark is a change of its page: none is left for later.
  await sql.query('vacuum (freeze) sample')
  await sql.query('checkpoint')
  await sql.end()
}

/** The folders of stores and keys below one folder. */
export function sampleFolders(folder: string) {
  const stores = {
    SURETY_BACKUPS: join(folder, 'backups'),
    SURETY_VAR: join(folder, 'var'),
    // Two folders of one disk, each object written to both.
    BACKUP_STORES: '',
    BACKUP_RESIDENCY: [],
  }
  return { stores, keysFolder: join(folder, 'keys'), recoveryFolder: join(folder, 'recovery-keys') }
}

/** The driver over such folders, with the threads that the process of a backup has. */
export async function openSampleDriver(url: string, folder: string) {
  const { stores, keysFolder, recoveryFolder } = sampleFolders(folder)
  const keyFolders = { keysFolder, recoveryFolder, escrow: [], clock: systemClock }
  const { system } = await factsOf(url)
  const packer = packerThreads()
  const parts = { stores, keyFolders, clock: systemClock, keepSeconds: () => 90 * DAY }
  const house = await openBackupRepository(parts, system, { packer })
  const never = () => Promise.reject(new Error('not measured here'))
  const driver = openReplicationDriver({
    ...house,
    url,
    clock: systemClock,
    manifests: openParentManifests(join(folder, 'parents')),
    synchronous: false,
    troubled: (error) => console.error(error),
    restore: never,
    expire: never,
  })
  const close = async (): Promise<void> => {
    await house.close()
    await packer.close()
  }
  return { driver, close }
}
