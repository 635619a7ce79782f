import { randomInt } from 'node:crypto'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { DAY, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import type { BackupRef } from '../driver.ts'
import type { RestoreProgram } from './program.ts'
import { insertProof, lastWeekly, triedBackups } from './proof-queries.ts'
import type { RestoreProof } from './prove.ts'

/** What proving backups needs. */
export interface ProofParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly program: Pick<RestoreProgram, 'run'>
  /** Every whole backup. */
  readonly list: () => Promise<readonly Pick<BackupRef, 'name' | 'kind'>[]>
}

/** How often any backup of those that are kept has its turn. */
const WEEK_SECONDS = 7 * DAY
const SYSTEM: Actor = { kind: 'system', id: 'recovery' }

/** Why a backup is tried. */
type Reason = 'full' | 'weekly' | 'asked'

/** How a proof went. */
export interface ProofOutcome {
  readonly backup: string
  readonly passed: boolean
  readonly says: string
  readonly proof: RestoreProof | null
}

/** The backup whose turn it is: the newest full one that was never tried, else once a week any; null when none is. */
export async function dueForProof(
  parts: Pick<ProofParts, 'db' | 'clock' | 'list'>,
  choose: (count: number) => number = randomInt,
): Promise<{ readonly backup: string; readonly reason: Reason } | null> {
  const all = (await parts.list()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const newest = all.findLast(({ kind }) => kind === 'full')
  if (newest === undefined) return null
  const tried = await triedBackups(parts.db, [newest.name])
  if (!tried.has(newest.name)) return { backup: newest.name, reason: 'full' }
  const weekly = await lastWeekly(parts.db)
  if (weekly !== null && secondsBetween(weekly, parts.clock.now()) < WEEK_SECONDS) return null
  const chosen = all[choose(all.length)]
  return chosen === undefined ? null : { backup: chosen.name, reason: 'weekly' }
}

/** Restores a backup as a proof and keeps how it went, also when it did not: a proof that could not run is none. Policy 6.1-a. */
export async function prove(
  parts: ProofParts,
  backup: string,
  reason: Reason,
  actor: Actor = SYSTEM,
): Promise<ProofOutcome> {
  const began_at = parts.clock.now()
  const outcome = await tryIt(parts, backup)
  const { passed, says, proof } = outcome
  const ended_at = parts.clock.now()
  await parts.db.transaction().execute(async (tx) => {
    const facts = JSON.stringify(proof ?? {})
    await insertProof(tx, { id: newId(parts.clock), backup, reason, began_at, ended_at, passed, says, facts })
    await parts.audit.record(tx, {
      type: passed ? 'restore.proved' : 'restore.refused',
      tenant: null,
      actor,
      target: { kind: 'backup', id: backup },
      outcome: passed ? 'success' : 'failed',
      details: {
        says,
        ...(proof === null
          ? {}
          : { rows: proof.rows, pages: proof.pages, bytes: proof.bytes, seconds: proof.seconds }),
      },
      request: null,
    })
  })
  return outcome
}

async function tryIt({ program }: ProofParts, backup: string): Promise<ProofOutcome> {
  try {
    const proof = await program.run<RestoreProof>({ do: 'prove', name: backup })
    const says = `${proof.rows} rows of ${proof.tables} tables came back within ${proof.seconds} s, ${proof.pages} pages carry their checksums${
      proof.ledgerEntries === null ? '' : ` and ${proof.ledgerEntries} ledger entries verify`
    }`
    return { backup, passed: true, says, proof }
  } catch (error) {
    const says = error instanceof Problem ? error.detail : 'the restore failed; the log says why'
    if (!(error instanceof Problem)) throw error
    return { backup, passed: false, says, proof: null }
  }
}
