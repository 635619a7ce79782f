import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseVerifierKey, verifyLog } from '#ledger'
import { openLogFiles } from '../../../audit/index.ts'
import { rowsOfTables } from '../../restore/index.ts'
import { lackingLedgerRows } from '../copy-queries.ts'
import { needed, PointFailed } from '../points.ts'
import type { DrillParts, DrillWorld } from '../world.ts'
import type { ServedCopy } from './copies.ts'

/** A checkpoint younger than this may tell of entries whose log is on its way to the stores: it is written every few seconds. */
const SETTLED_SECONDS = 15

function anchorFile({ keysFolder }: Pick<DrillParts, 'keysFolder'>): string {
  return join(keysFolder, 'ledger-anchor')
}

/** Waits until what the checkpoint tells of can be in the stores; returns how long, in seconds. */
export async function settleAnchor(parts: Pick<DrillParts, 'keysFolder' | 'clock'>): Promise<number> {
  const written = await stat(anchorFile(parts)).catch(() => null)
  if (written === null) return 0
  const waitSeconds = SETTLED_SECONDS - (parts.clock.now().getTime() - written.mtimeMs) / 1000
  if (waitSeconds <= 0 || waitSeconds > SETTLED_SECONDS) return 0
  await pause(waitSeconds * 1000)
  return waitSeconds
}

/** The whole log recomputed from the restored files, an extension of the checkpoint kept apart, and as many rows as entries. */
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
  const anchor = needed(await read(anchorFile(world)), 'no checkpoint of the ledger is kept apart yet')
  const key = needed(await read(join(ledger, 'vkey')), 'no ledger came back')
  const verdict = await verifyLog(openLogFiles(ledger).read, parseVerifierKey(key.trim()), { older: anchor })
  if (!verdict.ok) throw new PointFailed(`the restored ledger does not hold: ${verdict.difference.message}`)
  const { size } = verdict.checkpoint
  const lacking = await lackingLedgerRows(db, size)
  if (lacking > 0) throw new PointFailed(`${lacking} entries of the ledger have no row`)
  return {
    says: `${rows} rows in ${counts.size} tables; ${size} entries of the ledger recompute to the signed head, extend the checkpoint kept apart and have their rows`,
    tables: counts.size,
    rows,
    entries: size,
  }
}
