import { appendFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { becomeStandby, fenceServer, hasReplayed, promote, serveFolder, serverPlace } from '#database'
import { openDatabase } from '../../../db/index.ts'
import { copyCluster } from '../../standby/index.ts'
import { currentLsn, reloadSettings, writeHeartbeat } from '../copy-queries.ts'
import { needed, PointFailed } from '../points.ts'
import { clusterPlace } from '../scratch.ts'
import type { DrillWorld } from '../world.ts'
import { quick, type ServedCopy } from './copies.ts'

/** From the loss of the first server to the first write. Policy 6.2-d. */
export const FAILOVER_SECONDS_MAX = 60
const SLOT = 'surety_drill'
const REPLAY_MS_MAX = 20_000

/** What a failover came to; `failure` when it took too long. */
export interface Failover {
  readonly seconds: number
  readonly failure: string | null
  readonly says: string
}

async function replayed(url: string, lsn: string): Promise<void> {
  for (let waitedMs = 0; !(await hasReplayed(url, lsn)); waitedMs += 20) {
    if (waitedMs > REPLAY_MS_MAX) throw new PointFailed('the standby did not follow the restored server')
    await pause(20)
  }
}

/** Copies the restored server into a standby that follows it, serves it, and calls `work` with both. */
async function withStandby<Result>(
  world: DrillWorld,
  copy: ServedCopy,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const { server } = copy.started
  // Its access list lets nobody replicate; the folder is closed to everybody else.
  await appendFile(join(server.socketFolder, 'pg_hba.conf'), 'local replication all trust\n')
  await reloadSettings(copy.db)
  const folder = await clusterPlace(world.place, 'standby')
  await mkdir(dirname(folder), { recursive: true, mode: 0o755 })
  await copyCluster({ url: server.url('surety'), folder, slot: SLOT })
  await becomeStandby(folder, { socketFolder: server.socketFolder, user: 'surety', password: '', slot: SLOT })
  const standby = await serveFolder({
    dataFolder: folder,
    binaries: world.binaries,
    settings: [
      ...quick(world),
      'hot_standby=on',
      `primary_conninfo=host=${server.socketFolder} user=surety`,
      `primary_slot_name=${SLOT}`,
    ],
  })
  try {
    return await work(standby.url('surety'))
  } finally {
    await standby.stop()
  }
}

/** Kills the restored server, fences it, promotes its standby and writes there; the copy is of no use afterwards. */
export async function failOver(world: DrillWorld, copy: ServedCopy): Promise<Failover> {
  return withStandby(world, copy, async (url) => {
    const marker = world.clock.now()
    await writeHeartbeat(copy.db, marker)
    await replayed(url, needed(await currentLsn(copy.db), 'the restored server tells no place in its log'))
    const began = performance.now()
    await fenceServer(copy.data)
    await promote(url)
    const db = openDatabase(url, () => {}, { connectionsMax: 1 })
    try {
      const before = await writeHeartbeat(db, world.clock.now(), { read: 'before' })
      const seconds = Number(((performance.now() - began) / 1000).toFixed(2))
      if (before?.getTime() !== marker.getTime())
        throw new PointFailed('what the first server had written did not come over')
      if ((await serverPlace(copy.started.server.url('surety'))) !== null)
        throw new PointFailed('the first server answers beside the one that took its place')
      const last = world.order.lastChange ?? 'the real database never changed its site'
      const says = `killed and fenced, its standby wrote ${seconds} s later and had lost nothing; ${last}`
      const failure =
        seconds > FAILOVER_SECONDS_MAX
          ? `${seconds} s until the first write; ${FAILOVER_SECONDS_MAX} s are allowed`
          : null
      return { seconds, failure, says }
    } finally {
      await db.destroy()
    }
  })
}
