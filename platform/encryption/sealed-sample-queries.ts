import type { LookUp } from '#envelope'
import { sql } from 'kysely'
import type { Database } from '../db/index.ts'
import { PROVIDER } from './key-parts.ts'
import type { SealedColumn } from './queries.ts'
import { placeOf } from './rotation/places.ts'
import { columnIn, rowIn } from './rotation/queries.ts'

/** A sealed value with the place that it is bound to. */
export interface SampledValue {
  readonly row: string
  readonly column: string
  readonly sealed: Buffer
}

/** Some values of a tenant in a sealed column. */
export async function someValues(
  db: Database,
  of: SealedColumn,
  tenant: string,
  most: number,
): Promise<readonly SampledValue[]> {
  const place = placeOf(of)
  const column = sql.ref(of.column)
  const ofProvider = tenant === PROVIDER
  if (of.tenant === null && !ofProvider) return []
  if (of.tenant !== null && of.orProvider !== true && ofProvider) return []
  const whose =
    of.tenant === null
      ? sql`true`
      : ofProvider
        ? sql`${sql.ref(of.tenant)} is null`
        : sql`${sql.ref(of.tenant)} = ${tenant}`
  const { rows } = await sql<SampledValue>`
    select ${rowIn(place)} as row, ${columnIn(place, of)} as column, ${column} as sealed
    from ${sql.table(`${of.schema}.${of.table}`)}
    where ${whose} and length(${column}) > 0 limit ${most}`.execute(db)
  return rows
}

/** Some accounts with their look-up values. */
export function someAccounts(
  db: Database,
  most: number,
): Promise<{ readonly id: string; readonly email: Buffer; readonly email_index: Buffer }[]> {
  return db.selectFrom('account').select(['id', 'email', 'email_index']).limit(most).execute()
}

/** The account that an address is looked up by. */
export async function accountByIndex(db: Database, lookUp: LookUp): Promise<string | null> {
  const row = await db
    .selectFrom('account')
    .select('id')
    .where('email_index', 'in', lookUp)
    .executeTakeFirst()
  return row?.id ?? null
}
