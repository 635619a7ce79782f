import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Repository } from '#backup'
import { checkpointPath, parseVerifierKey, verifyLog } from '#ledger'
import { openLogFiles } from '../../../audit/index.ts'
import { rowsOfTables } from '../../restore/index.ts'
import { lackingLedgerRows } from '../copy-queries.ts'
import { CouldNotRun, needed, PointFailed } from '../points.ts'
import type { DrillParts, DrillWorld } from '../world.ts'
import type { ServedCopy } from './copies.ts'

/** A checkpoint younger than this may tell of entries whose log is on its way to the stores: it is written every few seconds. */
const SETTLED_SECONDS = 15

function anchorFile({ keysFolder }: Pick<DrillParts, 'keysFolder'>): string {
  return join(keysFolder, 'ledger-anchor')
}

/** Waits until what the checkpoint tells of can be in the stores; returns how long, in seconds. */
export async function settleAnchor(
  parts: Pick<DrillParts, 'keysFolder' | 'clock'>,
  type: DrillWorld['order']['type'],
): Promise<number> {
  // When keys are lost, the key folder is not looked into.
  if (type === 'key-loss') return 0
  const written = await stat(anchorFile(parts)).catch(() => null)
  if (written === null) return 0
  const waitSeconds = SETTLED_SECONDS - (parts.clock.now().getTime() - written.mtimeMs) / 1000
  if (waitSeconds <= 0 || waitSeconds > SETTLED_SECONDS) return 0
  await pause(waitSeconds * 1000)
  return waitSeconds
}

/** The sets of the ledger's files, as the schedule names them. */
const LEDGER = 'ledger'

/**
 * Checkpoints from before the newest that the stores hold, signed, sealed and locked since then: the first, one of the middle and
 * the last. Whoever rewrites the ledger now, with its key and the key folder, cannot rewrite these.
 */
export async function earlierCheckpoints(
  repository: Pick<Repository, 'filesets' | 'readFileset' | 'readFile'>,
): Promise<readonly string[]> {
  const names = (await repository.filesets(LEDGER)).slice(0, -1)
  const chosen = new Set([names[0], names[Math.floor(names.length / 2)], names.at(-1)])
  const found: string[] = []
  for (const name of chosen) {
    if (name === undefined) continue
    const { files } = await repository.readFileset(name)
    const file = files.find((one) => one.name === checkpointPath)
    if (file !== undefined) found.push((await repository.readFile(file)).toString('utf8'))
  }
  return found
}

/** What the restored ledger must extend: earlier checkpoints of the stores, and the one kept apart where the key folder is not lost. */
async function olderOf(world: DrillWorld, read: (path: string) => Promise<string | null>) {
  const earlier = await earlierCheckpoints(world.reading.repository)
  if (world.order.type !== 'key-loss') {
    const anchor = needed(await read(anchorFile(world)), 'no checkpoint of the ledger is kept apart yet')
    return {
      older: [anchor, ...earlier],
      says: `the checkpoint kept apart and ${earlier.length} earlier ones`,
    }
  }
  if (earlier.length === 0)
    throw new CouldNotRun('no earlier checkpoint of the ledger lies in the stores yet')
  return { older: earlier, says: `${earlier.length} earlier checkpoints that lie locked in the stores` }
}

/** The whole log recomputed from the restored files, an extension of earlier checkpoints, and as many rows as entries. */
export async function ledgerHolds(
  world: DrillWorld,
  { db, ledger }: ServedCopy,
): Promise<{
  readonly says: string
  readonly tables: number
  readonly rows: number
  readonly entries: number
}> {
  const counts = await rowsOfTables(db)
  const rows = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (rows === 0) throw new PointFailed('no table has a row')
  const read = (path: string): Promise<string | null> =>
    readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
  const { older, says } = await olderOf(world, read)
  const key = needed(await read(join(ledger, 'vkey')), 'no ledger came back')
  let size = 0
  for (const one of older) {
    const verdict = await verifyLog(openLogFiles(ledger).read, parseVerifierKey(key.trim()), { older: one })
    if (!verdict.ok) throw new PointFailed(`the restored ledger does not hold: ${verdict.difference.message}`)
    ;({ size } = verdict.checkpoint)
  }
  const lacking = await lackingLedgerRows(db, size)
  if (lacking > 0) throw new PointFailed(`${lacking} entries of the ledger have no row`)
  return {
    says: `${rows} rows in ${counts.size} tables; ${size} entries of the ledger recompute to the signed head, extend ${says} and have their rows`,
    tables: counts.size,
    rows,
    entries: size,
  }
}
