import type { LookUp } from '../../../encryption/index.ts'
import { isUuid } from '../../../kernel/id.ts'
import type { Filter } from './filter.ts'
import { plainForm } from './filter-match.ts'
import type { Narrow } from '../narrow-queries.ts'

/** What a filter allows the database to leave out: all that does not meet `where`, and nothing else when `exact`. */
export interface Narrowing {
  readonly where: Narrow
  readonly exact: boolean
}

/** Looks a name up in the keyed indexes; the purpose keeps indexes of different columns apart. */
export type IndexOf = (
  purpose: 'userName' | 'externalId' | 'email' | 'displayName',
  text: string,
) => Promise<LookUp>

const EVERYTHING: Narrowing = { where: { kind: 'everything' }, exact: false }

/** Turns a filter into what the database can decide by itself. Sealed values are looked up by equality only. */
export async function narrow(filter: Filter, of: 'User' | 'Group', indexOf: IndexOf): Promise<Narrowing> {
  if (filter.kind === 'all' || filter.kind === 'any') {
    const parts = await Promise.all(filter.of.map((one) => narrow(one, of, indexOf)))
    return {
      where: { kind: filter.kind, of: parts.map((one) => one.where) },
      exact: parts.every((one) => one.exact),
    }
  }
  if (filter.kind === 'not') {
    const inner = await narrow(filter.of, of, indexOf)
    return inner.exact ? { where: { kind: 'not', of: inner.where }, exact: true } : EVERYTHING
  }
  if (filter.kind === 'element') return narrowElement(filter, of, indexOf)
  if (filter.kind === 'present') return narrowPresent(filter, of)
  const { op } = filter
  if (op !== 'ne') return narrowComparison(filter, of, indexOf)
  const equal = await narrowComparison({ ...filter, op: 'eq' }, of, indexOf)
  return equal.exact ? { where: { kind: 'not', of: equal.where }, exact: true } : EVERYTHING
}

/** Of `list[…]` only an equality that must hold narrows. */
async function narrowElement(
  { of: inner }: Extract<Filter, { kind: 'element' }>,
  of: 'User' | 'Group',
  indexOf: IndexOf,
): Promise<Narrowing> {
  const must = inner.kind === 'all' ? inner.of : [inner]
  for (const one of must) {
    if (one.kind !== 'compare' || one.op !== 'eq') continue
    const narrowing = await narrowComparison(one, of, indexOf)
    if (narrowing.exact) return { where: narrowing.where, exact: false }
  }
  return EVERYTHING
}

function narrowPresent({ path }: Extract<Filter, { kind: 'present' }>, of: 'User' | 'Group'): Narrowing {
  const name = path.sub === null && path.extension === null ? path.attribute.name : ''
  const always = ['id', 'meta', 'schemas', of === 'User' ? 'userName' : 'displayName']
  if (always.includes(name)) return { where: { kind: 'everything' }, exact: true }
  if (name !== 'externalId') return EVERYTHING
  return {
    where: { kind: 'not', of: { kind: 'index', column: 'external_id_index', value: null } },
    exact: true,
  }
}

async function narrowComparison(
  { path, op, value }: Extract<Filter, { kind: 'compare' }>,
  of: 'User' | 'Group',
  indexOf: IndexOf,
): Promise<Narrowing> {
  if (path.extension !== null) return EVERYTHING
  const name = path.sub === null ? path.attribute.name : `${path.attribute.name}.${path.sub.name}`
  if (name === 'meta.created' || name === 'meta.lastModified') return narrowTime(name, op, value)
  if (op !== 'eq') return EVERYTHING
  if (name === 'externalId' && value === null)
    return { where: { kind: 'index', column: 'external_id_index', value: null }, exact: true }
  if (typeof value !== 'string') return EVERYTHING
  if (name === 'id')
    return { where: isUuid(value.toLowerCase()) ? { kind: 'id', value } : { kind: 'nothing' }, exact: true }
  if (name === 'externalId')
    return {
      where: { kind: 'index', column: 'external_id_index', value: await indexOf('externalId', value) },
      exact: true,
    }
  if (name === 'userName' && of === 'User')
    return {
      where: { kind: 'index', column: 'user_name_index', value: await indexOf('userName', plainForm(value)) },
      exact: true,
    }
  if (name === 'displayName' && of === 'Group')
    return {
      where: {
        kind: 'index',
        column: 'display_name_index',
        value: await indexOf('displayName', plainForm(value)),
      },
      exact: true,
    }
  if (name === 'emails.value')
    return { where: { kind: 'email', value: await indexOf('email', plainForm(value)) }, exact: true }
  return EVERYTHING
}

function narrowTime(name: string, op: string, value: unknown): Narrowing {
  const ops = ['eq', 'gt', 'ge', 'lt', 'le'] as const
  const known = ops.find((one) => one === op)
  if (known === undefined || typeof value !== 'string') return EVERYTHING
  const column = name === 'meta.created' ? 'created_at' : 'updated_at'
  return { where: { kind: 'time', column, op: known, value: new Date(value) }, exact: true }
}
