import { cp, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { restoreInto, restoreSystem } from '../platform/recovery/restore/index.ts'
import { recoveryWorld, type RecoveryWorld } from '../platform/recovery/restore/world.fixture.ts'
import type { Figure } from './figure.ts'

/** Bytes of the cluster that is restored; less for a quick look. */
const MEGABYTES = Number(process.env['BENCH_RESTORE_MB'] ?? 1000)
const ROW_BYTES = 1600
/** From nothing to a server that takes writes, for 1 GB. */
const SECONDS_MAX = 15

/** A restore beside a plain copy of what it restores, both waited for until they are on the disk. */
export async function restore(show: (figure: Figure) => void): Promise<void> {
  const world = await recoveryWorld(['shared_buffers=128MB', 'max_wal_size=4GB', 'wal_compression=on'])
  try {
    await fill(world)
    const backup = await world.driver.full()
    await world.beat()
    await world.wal.flush()
    const reading = await world.reading()
    try {
      const into = join(world.folder, 'plain')
      const cluster = await timed(() =>
        restoreInto(reading.repository, { target: { at: 'latest' }, into, backup: backup.name }),
      )
      const megabytes = cluster.result.bytes / 1e6
      const copied = await timed(() => copyLasting(into, join(world.folder, 'copy')))
      await rm(into, { recursive: true })
      show({
        what: `objects to a data folder, ${Math.round(megabytes)} MB`,
        ours: megabytes / cluster.seconds,
        unit: 'MB/s',
        beside: { kind: 'peer', name: 'plain copy', value: megabytes / copied.seconds },
      })
      const whole = await timed(() =>
        restoreSystem(reading.repository, {
          target: { at: 'latest' },
          into: join(world.folder, 'whole'),
          migrate: true,
        }),
      )
      show({
        what: `recovered, checked and lasting, for 1 GB`,
        ours: (whole.seconds / megabytes) * 1000,
        unit: 's',
        beside: { kind: 'limit', value: SECONDS_MAX },
      })
    } finally {
      await reading.close()
    }
  } finally {
    await world.close()
  }
}

/** Rows that compress by half, as sealed fields with their indexes do. */
async function fill({ cluster }: RecoveryWorld): Promise<void> {
  await cluster.sql.query('create table public.bulk (id bigint primary key, text text storage external)')
  const rows = Math.round((MEGABYTES * 1e6) / (ROW_BYTES + 60))
  await cluster.sql.query(
    `insert into public.bulk select i, (select string_agg(md5(i::text || j), '') from generate_series(1, $2::int) j)
       from generate_series(1, $1::int) i`,
    [rows, ROW_BYTES / 32],
  )
  await cluster.sql.query('checkpoint')
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const began = performance.now()
  const result = await work()
  return { result, seconds: (performance.now() - began) / 1000 }
}

async function copyLasting(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = await open(join(entry.parentPath, entry.name))
    await file.sync()
    await file.close()
  }
}
