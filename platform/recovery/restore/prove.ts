import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OnProgress, Repository } from '#backup'
import { proofPrefix, removeRestored } from './left-folders.ts'
import { rowsOfTables } from './queries.ts'
import { restoreSystem, type RestoredSystem } from './restore-system.ts'

/** What came out of a backup that was restored to see whether it comes back. */
export interface RestoreProof {
  readonly backup: string
  readonly chain: readonly string[]
  readonly bytes: number
  readonly tables: number
  readonly rows: number
  readonly pages: number
  /** Entries of the ledger, recomputed from its files and compared with the rows; null where there is none. */
  readonly ledgerEntries: number | null
  readonly bad: RestoredSystem['bad']
  readonly steps: RestoredSystem['steps']
  readonly seconds: number
}

/**
 * Restores one backup to the moment at which it is consistent into a folder of its own below `scratch`, recovers it, counts
 * every row, compares every page with its checksum and the ledger's files with the rows, and removes it all. Throws
 * whatever is not right. Policy 6.1-a.
 */
export async function proveBackup(
  repository: Repository,
  request: { readonly backup: string; readonly scratch: string; readonly binaries?: string | undefined },
  onProgress: OnProgress = () => {},
): Promise<RestoreProof> {
  const place = await mkdtemp(join(request.scratch, proofPrefix()))
  const began = performance.now()
  let counts: ReadonlyMap<string, number> = new Map()
  try {
    const restored = await restoreSystem(
      repository,
      {
        target: { at: 'latest' },
        backup: request.backup,
        into: join(place, 'var'),
        binaries: request.binaries,
        migrate: false,
        also: async (db) => {
          counts = await rowsOfTables(db)
        },
      },
      onProgress,
    )
    return {
      backup: request.backup,
      chain: restored.chain,
      bytes: restored.bytes,
      tables: counts.size,
      rows: [...counts.values()].reduce((sum, count) => sum + count, 0),
      pages: restored.pages?.pages ?? 0,
      ledgerEntries: restored.ledger?.entries ?? null,
      bad: restored.bad,
      steps: restored.steps,
      seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
    }
  } finally {
    await removeRestored(join(place, 'var'))
    await rm(place, { recursive: true, force: true })
  }
}
