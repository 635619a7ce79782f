import type { Insertable, Selectable } from 'kysely'
import type { LegalHold } from '#backup'
import type { Database, Tables } from '../../db/index.ts'

/** A hold as it was placed. */
export type HoldRow = Selectable<Tables['backup_hold']>
/** A certificate of a removal. */
export type CertificateRow = Selectable<Tables['deletion_certificate']>

/** The most certificates that one page shows. */
const PAGE_MAX = 500

/** Writes a hold. */
export async function insertHold(db: Database, row: Insertable<Tables['backup_hold']>): Promise<void> {
  await db.insertInto('backup_hold').values(row).execute()
}

/** Every hold that was ever placed, the newest first. */
export function allHolds(db: Database): Promise<HoldRow[]> {
  return db.selectFrom('backup_hold').selectAll().orderBy('placed_at', 'desc').execute()
}

/** The spans of time that are held now. */
export async function openHolds(db: Database): Promise<LegalHold[]> {
  const rows = await db
    .selectFrom('backup_hold')
    .select(['from_at', 'to_at'])
    .where('released_at', 'is', null)
    .execute()
  return rows.map(({ from_at, to_at }) => ({ from: from_at, to: to_at }))
}

/** Ends a hold; tells whether there was an open one. */
export async function releaseHold(
  db: Database,
  id: string,
  by: { readonly kind: string; readonly id: string; readonly at: Date },
): Promise<boolean> {
  const done = await db
    .updateTable('backup_hold')
    .set({ released_at: by.at, released_by_kind: by.kind, released_by_id: by.id })
    .where('id', '=', id)
    .where('released_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Writes a certificate. */
export async function insertCertificate(
  db: Database,
  row: Insertable<Tables['deletion_certificate']>,
): Promise<void> {
  await db.insertInto('deletion_certificate').values(row).execute()
}

/** Certificates, the newest first, at most 500. */
export function certificates(db: Database): Promise<CertificateRow[]> {
  return db
    .selectFrom('deletion_certificate')
    .selectAll()
    .orderBy('removed_at', 'desc')
    .orderBy('id', 'desc')
    .limit(PAGE_MAX)
    .execute()
}

/** Backups that certificates say were removed, with the region and the moment. */
export function removedBackups(
  db: Database,
): Promise<{ region: string; backup: string | null; removed_at: Date; limit_seconds: number }[]> {
  return db
    .selectFrom('deletion_certificate')
    .select(['region', 'backup', 'removed_at', 'limit_seconds'])
    .where('backup', 'is not', null)
    .execute()
}

/** Backups that were made whole, by name. */
export async function madeBackups(db: Database): Promise<{ name: string; at: Date }[]> {
  const rows = await db
    .selectFrom('backup_run')
    .select(['name', 'started_at'])
    .where('state', '=', 'done')
    .execute()
  return rows.flatMap(({ name, started_at }) => (name === null ? [] : [{ name, at: started_at }]))
}
