import type { Database } from '../../db/index.ts'

/** A server as it is stored. */
export interface HostRow {
  readonly name: string
  readonly public_key: string
  readonly enrolled_at: Date
  readonly retired_at: Date | null
  readonly reported_at: Date
  readonly received_at: Date
  /** Disks of the newest report. */
  readonly report: unknown
}

/** Every server that is expected to report. */
export function enrolledHosts(db: Database): Promise<HostRow[]> {
  return db.selectFrom('server_host').selectAll().where('retired_at', 'is', null).orderBy('name').execute()
}

/** A server by its name, held against everybody else until the transaction ends. */
export function lockHost(tx: Database, name: string): Promise<HostRow | undefined> {
  return tx.selectFrom('server_host').selectAll().where('name', '=', name).forUpdate().executeTakeFirst()
}

/** Adds a server with its first report, or one that was retired anew. */
export async function enrolHost(
  tx: Database,
  row: Omit<HostRow, 'retired_at' | 'report'> & { readonly report: string },
): Promise<void> {
  const { name: _, ...values } = row
  await tx
    .insertInto('server_host')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...values, retired_at: null }))
    .execute()
}

/** Replaces the newest report of a server. */
export async function storeReport(
  tx: Database,
  name: string,
  report: { readonly reported_at: Date; readonly received_at: Date; readonly report: string },
): Promise<void> {
  await tx.updateTable('server_host').set(report).where('name', '=', name).execute()
}

/** Expects nothing of a server any more; tells whether it was expected. */
export async function retireHost(tx: Database, name: string, at: Date): Promise<boolean> {
  const done = await tx
    .updateTable('server_host')
    .set({ retired_at: at })
    .where('name', '=', name)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}
