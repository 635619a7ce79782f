import type { Attribute, ResourceType } from './attribute.ts'
import { readPath, splitSchema, type AttributePath } from './attribute-path.ts'
import { readElementFilter, type Filter } from './filter.ts'
import { elementMatches } from './filter-match.ts'
import { isPrimary, isRecord, readSingle, readValue, type Resource, type Value } from './resource.ts'
import { bad } from './scim-error.ts'

/** Most operations in one PATCH request. */
const OPERATIONS_MAX = 1000

type Verb = 'add' | 'replace' | 'remove'
type Draft = Record<string, Value | undefined>

/** A place that an operation works on: an attribute, the elements of a list that meet a filter, or the whole extension. */
interface Target {
  readonly path: AttributePath
  readonly filter: Filter | null
}

interface Operation {
  readonly op: Verb
  readonly path: string | null
  readonly value: unknown
}

function readOperations(body: unknown): Operation[] {
  const list = isRecord(body)
    ? Object.entries(body).find(([key]) => /^operations$/i.test(key))?.[1]
    : undefined
  if (!Array.isArray(list) || list.length === 0) throw bad('invalidSyntax', 'Operations is a list.')
  if (list.length > OPERATIONS_MAX)
    throw bad('tooMany', `At most ${OPERATIONS_MAX} operations are done at once.`)
  return list.map((one: unknown) => {
    if (!isRecord(one)) throw bad('invalidSyntax', 'An operation is an object.')
    // Microsoft Entra writes `Add`, `Replace` and `Remove`.
    const op = typeof one['op'] === 'string' ? one['op'].toLowerCase() : ''
    if (op !== 'add' && op !== 'replace' && op !== 'remove')
      throw bad('invalidSyntax', 'op is add, replace or remove.')
    const path = one['path'] ?? null
    if (path !== null && typeof path !== 'string') throw bad('invalidPath', 'path is a text.')
    return { op, path: path === '' ? null : path, value: one['value'] }
  })
}

/** Applies the operations of a PATCH request (RFC 7644 §3.5.2) to a resource and returns the new one. */
export function patched(type: ResourceType, resource: Resource, body: unknown): Resource {
  const draft: Draft = { ...resource }
  for (const operation of readOperations(body)) apply(type, draft, operation)
  return draft
}

function apply(type: ResourceType, draft: Draft, { op, path, value }: Operation): void {
  if (path === null) return applyWhole(type, draft, op, value)
  const split = splitSchema(type, path)
  if (split !== null && split.extension !== null && split.rest === '')
    return applyExtension(type, draft, op, split.extension, value)
  applyAt(draft, op, readTarget(type, path), value)
}

/** Without a path the value names the attributes itself, also as `name.givenName`. */
function applyWhole(type: ResourceType, draft: Draft, op: Verb, value: unknown): void {
  if (op === 'remove') throw bad('noTarget', 'remove needs a path.')
  if (!isRecord(value)) throw bad('invalidValue', 'Without a path the value is an object.')
  for (const [key, part] of Object.entries(value)) {
    const split = splitSchema(type, key)
    if (split !== null && split.extension !== null && split.rest === '') {
      applyExtension(type, draft, op, split.extension, part)
      continue
    }
    const target = /\[/.test(key) ? readTarget(type, key) : { path: readPath(type, key), filter: null }
    // What is unknown or read-only is left out, as in a whole resource.
    if (target.path === null || isReadOnly(target.path)) continue
    applyAt(draft, op, { path: target.path, filter: target.filter }, part)
  }
}

function applyExtension(type: ResourceType, draft: Draft, op: Verb, extension: string, value: unknown): void {
  if (op === 'remove') {
    draft[extension] = undefined
    return
  }
  if (!isRecord(value)) throw bad('invalidValue', 'An extension is an object.')
  for (const [key, part] of Object.entries(value)) {
    const path = readPath(type, `${extension}:${key}`)
    if (path !== null && !isReadOnly(path)) applyAt(draft, op, { path, filter: null }, part)
  }
}

/** `attribute`, `attribute.sub`, `list[filter]` or `list[filter].sub`. */
function readTarget(type: ResourceType, text: string): Target {
  const open = text.indexOf('[')
  if (open < 0) {
    const path = readPath(type, text)
    if (path === null) throw bad('invalidPath', 'The path names no attribute that there is.')
    return { path, filter: null }
  }
  const close = text.lastIndexOf(']')
  const list = readPath(type, text.slice(0, open))
  const rest = text.slice(close + 1)
  if (
    close < open ||
    list === null ||
    list.sub !== null ||
    !list.attribute.multiValued ||
    !/^(?:\.[^.]+)?$/.test(rest)
  )
    throw bad('invalidPath', 'The path names no list that there is.')
  const filter = readElementFilter(type, list, text.slice(open + 1, close))
  if (rest === '') return { path: list, filter }
  const whole = readPath(type, `${text.slice(0, open)}${rest}`)
  if (whole === null) throw bad('invalidPath', 'The path names no attribute that there is.')
  return { path: whole, filter }
}

function isReadOnly({ attribute, sub }: AttributePath): boolean {
  return attribute.mutability === 'readOnly' || sub?.mutability === 'readOnly'
}

function applyAt(draft: Draft, op: Verb, { path, filter }: Target, value: unknown): void {
  if (isReadOnly(path)) throw bad('mutability', `${path.attribute.name} is read-only.`)
  const { attribute, sub, extension } = path
  const before = extension === null ? draft : { ...((draft[extension] ?? {}) as Draft) }
  const present = before[attribute.name]
  before[attribute.name] = attribute.multiValued
    ? nextList(op, path, filter, (present ?? []) as readonly Value[], value)
    : nextSingle(op, attribute, sub, present, value)
  if (op === 'remove' && attribute.required && before[attribute.name] === undefined)
    throw bad('mutability', `${attribute.name} is required.`)
  if (extension !== null)
    draft[extension] = Object.values(before).some((one) => one !== undefined) ? before : undefined
}

function nextSingle(
  op: Verb,
  attribute: Attribute,
  sub: Attribute | null,
  present: Value | undefined,
  value: unknown,
): Value | undefined {
  if (sub !== null) {
    const part = op === 'remove' ? undefined : readValue(sub, value)
    return compact({ ...(isRecord(present) ? present : {}), [sub.name]: part })
  }
  if (op === 'remove') return undefined
  const next = readValue(attribute, value)
  // A complex attribute keeps what the operation does not name.
  if (attribute.type === 'complex' && isRecord(present) && isRecord(next))
    return compact({ ...present, ...next })
  return next
}

function compact(draft: Draft): Value | undefined {
  const left = Object.entries(draft).filter(([, part]) => part !== undefined)
  return left.length === 0 ? undefined : (Object.fromEntries(left) as Value)
}

function nextList(
  op: Verb,
  { attribute, sub }: AttributePath,
  filter: Filter | null,
  present: readonly Value[],
  value: unknown,
): Value | undefined {
  if (filter !== null || sub !== null) return nextElements(op, attribute, sub, filter, present, value)
  if (op === 'remove') {
    const named = value === undefined || value === null ? undefined : readValue(attribute, value)
    // Microsoft Entra removes members by a path without a filter and a list of them.
    return named === undefined
      ? undefined
      : some(present.filter((one) => !(named as readonly Value[]).some((gone) => sameValue(one, gone))))
  }
  const next = (readValue(attribute, value) ?? []) as readonly Value[]
  return op === 'replace' ? some(next) : some(joined(present, next))
}

function some(values: readonly Value[]): Value | undefined {
  return values.length === 0 ? undefined : values
}

/** Adds values that are not there yet; a new primary one takes the place of the old. */
function joined(present: readonly Value[], next: readonly Value[]): Value[] {
  const known = new Set(present.map(fingerprint))
  const fresh = next.filter((one) => !known.has(fingerprint(one)))
  const kept = fresh.some(isPrimary) ? present.map(secondary) : present
  return [...kept, ...fresh]
}

function secondary(value: Value): Value {
  return isPrimary(value) ? { ...(value as Readonly<Record<string, Value>>), primary: false } : value
}

function nextElements(
  op: Verb,
  attribute: Attribute,
  sub: Attribute | null,
  filter: Filter | null,
  present: readonly Value[],
  value: unknown,
): Value | undefined {
  const hit = (one: Value): boolean => filter === null || elementMatches(filter, one)
  if (op === 'remove' && sub === null) return some(present.filter((one) => !hit(one)))
  const change = (one: Value): Value | undefined => {
    const old = isRecord(one) ? one : {}
    if (sub !== null)
      return compact({ ...old, [sub.name]: op === 'remove' ? undefined : readValue(sub, value) })
    const next = readSingle(attribute, value)
    return compact({ ...old, ...(isRecord(next) ? next : {}) })
  }
  if (present.some(hit)) {
    const changed = present.map((one) => (hit(one) ? change(one) : one))
    const primary = changed.findIndex(
      (one, at) => one !== undefined && isPrimary(one) && hit(present[at] ?? ''),
    )
    const alone = changed.map((one, at) =>
      primary >= 0 && at !== primary && one !== undefined ? secondary(one) : one,
    )
    return some(alone.filter((one) => one !== undefined))
  }
  if (op === 'remove') return some(present)
  // Directories name a value that is not there yet by what it will be: `emails[type eq "work"].value`.
  const made = change(filter === null ? {} : impliedBy(filter))
  return made === undefined ? some(present) : some(joined(present, [made]))
}

/** The element that a filter of equalities describes; throws `noTarget` for any other filter. */
function impliedBy(filter: Filter): Value {
  if (filter.kind === 'compare' && filter.op === 'eq' && filter.path.sub !== null && filter.value !== null)
    return { [filter.path.sub.name]: filter.value }
  if (filter.kind === 'all') return Object.assign({}, ...filter.of.map(impliedBy)) as Value
  throw bad('noTarget', 'No value meets the filter in the path.')
}

function sameValue(one: Value, other: Value): boolean {
  const named = isRecord(one) && isRecord(other) && one['value'] !== undefined && other['value'] !== undefined
  return named ? one['value'] === other['value'] : fingerprint(one) === fingerprint(other)
}

/** What makes a value of a list the same as another: a member's id, or all of it. */
function fingerprint(value: Value): string {
  if (!isRecord(value)) return JSON.stringify(value)
  const { primary: _primary, ...rest } = value
  return JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
