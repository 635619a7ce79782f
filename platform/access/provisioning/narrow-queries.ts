import { sql, type RawBuilder } from 'kysely'
import type { LookUp } from '../../encryption/index.ts'

/** A condition on columns that a database can look up: keyed indexes, yes and no, ids and times. */
export type Narrow =
  | { readonly kind: 'everything' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'all'; readonly of: readonly Narrow[] }
  | { readonly kind: 'any'; readonly of: readonly Narrow[] }
  | { readonly kind: 'not'; readonly of: Narrow }
  | { readonly kind: 'index'; readonly column: IndexColumn; readonly value: LookUp | null }
  | { readonly kind: 'email'; readonly value: LookUp }
  | { readonly kind: 'active'; readonly value: boolean }
  | { readonly kind: 'id'; readonly value: string }
  | {
      readonly kind: 'time'
      readonly column: 'created_at' | 'updated_at'
      readonly op: keyof typeof COMPARISONS
      readonly value: Date
    }

/** Columns that hold the keyed look-up value of a name. */
export type IndexColumn = 'user_name_index' | 'external_id_index' | 'display_name_index'

const COMPARISONS = {
  eq: sql`=`,
  gt: sql`>`,
  ge: sql`>=`,
  lt: sql`<`,
  le: sql`<=`,
} as const

/** The condition as SQL; every value is a parameter. Policy 5.3-c. */
export function narrowed(where: Narrow): RawBuilder<boolean> {
  if (where.kind === 'everything') return sql<boolean>`true`
  if (where.kind === 'nothing') return sql<boolean>`false`
  if (where.kind === 'all') return joined(where.of, true)
  if (where.kind === 'any') return joined(where.of, false)
  if (where.kind === 'not') return sql<boolean>`(${narrowed(where.of)}) is not true`
  if (where.kind === 'index')
    return where.value === null
      ? sql<boolean>`${sql.ref(where.column)} is null`
      : sql<boolean>`coalesce(${sql.ref(where.column)} = any(${[...where.value]}::bytea[]), false)`
  if (where.kind === 'email') return sql<boolean>`email_indexes && ${[...where.value]}::bytea[]`
  if (where.kind === 'active') return sql<boolean>`active = ${where.value}::boolean`
  if (where.kind === 'id') return sql<boolean>`id = ${where.value}::uuid`
  return sql<boolean>`${sql.ref(where.column)} ${COMPARISONS[where.op]} ${where.value}::timestamptz`
}

function joined(of: readonly Narrow[], every: boolean): RawBuilder<boolean> {
  if (of.length === 0) return every ? sql<boolean>`true` : sql<boolean>`false`
  return sql<boolean>`(${sql.join(of.map(narrowed), every ? sql` and ` : sql` or `)})`
}
