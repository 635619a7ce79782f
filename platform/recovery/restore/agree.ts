import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointPath, parseVerifierKey, verifyLog } from '#ledger'
import { migrate } from '#database'
import { openLogFiles, rejoinLedger, type Rejoined } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'

/** Where the migrations of each schema of the main database are. */
const MIGRATIONS = [
  [new URL('../../db/migrations/', import.meta.url), 'surety'],
  [new URL('../../../inbox/db/migrations/', import.meta.url), 'inbox'],
] as const

/** Brings a restored database to the present schema, as the next start would. */
export async function migrateRestored(url: string): Promise<void> {
  for (const [folder, schema] of MIGRATIONS) await migrate(url, folder, schema)
}

/** Brings ledger rows and files to agree and recomputes the whole log; null when the system kept no ledger yet. */
export async function agreeOnLedger(db: Database, folder: string): Promise<Rejoined | null> {
  const key = await readFile(join(folder, 'vkey'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (key === null) return null
  const files = openLogFiles(folder)
  const verifier = parseVerifierKey(key.trim())
  const rejoined = await rejoinLedger({ db, files, key: verifier })
  if ((await files.read(checkpointPath)) === undefined) return rejoined
  const verdict = await verifyLog(files.read, verifier)
  if (!verdict.ok) throw new Error(`the restored ledger does not verify: ${verdict.difference.message}`)
  return rejoined
}
