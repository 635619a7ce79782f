import { join } from 'node:path'
import { openDatabase, type Database } from '../../../db/index.ts'
import { secondsBetween } from '../../../kernel/clock.ts'
import {
  restoreInto,
  restoreSystem,
  rowsOfTables,
  startRestored,
  type RestoredSystem,
  type StartedCluster,
} from '../../restore/index.ts'
import { PointFailed } from '../points.ts'
import { clusterPlace } from '../scratch.ts'
import type { DrillWorld } from '../world.ts'

/** The newest state as it came back, served on a socket that nobody else reaches. */
export interface ServedCopy {
  readonly restored: RestoredSystem
  readonly started: StartedCluster
  /** The data folder. */
  readonly data: string
  /** The folder of the ledger. */
  readonly ledger: string
  readonly db: Database
  /** What would have been lost; null without a heartbeat. */
  readonly lostSeconds: number | null
  close(): Promise<void>
}

/** What the copy is served with: it is thrown away, so that nothing waits for the disk. */
export function quick({ binaries }: Pick<DrillWorld, 'binaries'>): readonly string[] {
  // Servers of an operator's own may be older than this setting.
  const here = binaries === undefined ? ['io_method=sync'] : []
  return ['fsync=off', 'synchronous_commit=off', 'autovacuum=off', ...here]
}

/** Brings the newest state back and serves it. */
export async function bringBack(world: DrillWorld): Promise<ServedCopy> {
  const into = join(world.place, 'latest')
  const restored = await restoreSystem(
    world.reading.repository,
    { target: { at: 'latest' }, into, binaries: world.binaries, migrate: true },
    world.onProgress,
  )
  const data = await clusterPlace(world.place, 'latest')
  const started = await startRestored({ folder: data, binaries: world.binaries, settings: quick(world) })
  const db = openDatabase(started.server.url('surety'), () => {}, { connectionsMax: 2 })
  const { lastHeartbeatAt } = restored
  return {
    restored,
    started,
    data,
    ledger: join(into, 'ledger'),
    db,
    lostSeconds:
      lastHeartbeatAt === null
        ? null
        : Math.max(0, Number(secondsBetween(lastHeartbeatAt, world.declaredAt).toFixed(1))),
    close: async () => {
      await db.destroy()
      await started.server.stop()
    },
  }
}

/** Restores one of the backups that are kept to the moment at which it is consistent, and counts its rows. */
export async function keptBackup(world: DrillWorld): Promise<string> {
  const { backups } = await world.reading.repository.backups()
  const chosen = backups[Math.floor(world.order.dice * backups.length)]
  if (chosen === undefined) throw new PointFailed('there is no backup')
  const { name } = chosen.manifest
  const into = await clusterPlace(world.place, 'kept')
  const folder = await restoreInto(
    world.reading.repository,
    { target: { at: 'latest' }, backup: name, into, durable: false },
    world.onProgress,
  )
  const { server } = await startRestored({
    folder: folder.folder,
    binaries: world.binaries,
    settings: quick(world),
  })
  try {
    const db = openDatabase(server.url('surety'), () => {}, { connectionsMax: 1 })
    try {
      const rows = [...(await rowsOfTables(db)).values()].reduce((sum, count) => sum + count, 0)
      return `of ${backups.length} backups that are kept, ${name} came back with ${rows} rows`
    } finally {
      await db.destroy()
    }
  } finally {
    await server.stop()
  }
}
