import type { Insertable, Selectable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** A restore that was made as a proof. */
export type ProofRow = Selectable<Tables['restore_proof']>

/** Notes how a proof went. */
export async function insertProof(db: Database, row: Insertable<Tables['restore_proof']>): Promise<void> {
  await db.insertInto('restore_proof').values(row).execute()
}

/** The newest proofs first. */
export function newestProofs(db: Database, most: number): Promise<ProofRow[]> {
  return db.selectFrom('restore_proof').selectAll().orderBy('ended_at', 'desc').limit(most).execute()
}

/** Which of these backups were tried already, however it went. */
export async function triedBackups(db: Database, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set()
  const rows = await db
    .selectFrom('restore_proof')
    .select('backup')
    .distinct()
    .where('backup', 'in', [...names])
    .execute()
  return new Set(rows.map(({ backup }) => backup))
}

/** When the last proof of the weekly turn ended; null before the first. */
export async function lastWeekly(db: Database): Promise<Date | null> {
  const row = await db
    .selectFrom('restore_proof')
    .select((one) => one.fn.max('ended_at').as('at'))
    .where('reason', '=', 'weekly')
    .executeTakeFirst()
  return row?.at ?? null
}
