import type { Attribute } from './attribute.ts'
import type { AttributePath } from './attribute-path.ts'
import { target, type Filter, type Literal, type Operator } from './filter.ts'
import type { Resource, Value } from './resource.ts'

/** The one form in which texts are compared whose case does not count. */
export function plainForm(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/** Whether a resource meets a filter. */
export function matches(filter: Filter, resource: Resource): boolean {
  return meets(filter, resource, null)
}

/** Whether one element of a list meets an inner filter. */
export function elementMatches(filter: Filter, element: Value): boolean {
  return meets(filter, {}, element)
}

function meets(filter: Filter, resource: Resource, element: Value | null): boolean {
  if (filter.kind === 'all') return filter.of.every((one) => meets(one, resource, element))
  if (filter.kind === 'any') return filter.of.some((one) => meets(one, resource, element))
  if (filter.kind === 'not') return !meets(filter.of, resource, element)
  if (filter.kind === 'element')
    return listAt(resource, filter.path).some((one) => meets(filter.of, resource, one))
  const values = valuesAt(resource, filter.path, element)
  if (filter.kind === 'present') return values.some(isThere)
  return compares(target(filter.path), values, filter.op, filter.value)
}

function isThere(value: Value): boolean {
  if (value === '') return false
  if (Array.isArray(value)) return value.some(isThere)
  return typeof value !== 'object' || Object.values(value).some((part) => part !== undefined && isThere(part))
}

function listAt(resource: Resource, path: AttributePath): readonly Value[] {
  const holder = path.extension === null ? resource : resource[path.extension]
  const value = isObject(holder) ? holder[path.attribute.name] : undefined
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Every value at a place; the element's own inside brackets. */
export function valuesAt(resource: Resource, path: AttributePath, element: Value | null = null): Value[] {
  const { sub } = path
  const holders = element === null ? listAt(resource, path) : [element]
  if (sub === null) return [...holders]
  return holders.flatMap((one) => {
    const part = isObject(one) ? one[sub.name] : undefined
    return part === undefined ? [] : [part]
  })
}

function isObject(value: unknown): value is Readonly<Record<string, Value | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function compares(attribute: Attribute, values: readonly Value[], op: Operator, wanted: Literal): boolean {
  if (wanted === null) return op === 'eq' ? !values.some(isThere) : values.some(isThere)
  // Of several values one must be equal; unequal means that none is.
  if (op === 'ne') return !values.some((one) => holds(attribute, one, 'eq', wanted))
  return values.some((one) => holds(attribute, one, op, wanted))
}

function holds(attribute: Attribute, value: Value, op: Operator, wanted: Literal): boolean {
  if (typeof value === 'boolean' || typeof wanted === 'boolean') return op === 'eq' && value === wanted
  if (typeof value === 'object') return false
  if (attribute.type === 'integer' && typeof wanted === 'number') return ordered(Number(value), wanted, op)
  if (attribute.type === 'dateTime' && !['co', 'sw', 'ew'].includes(op))
    return ordered(Date.parse(String(value)), Date.parse(String(wanted)), op)
  const form = attribute.caseExact ? (text: string) => text : plainForm
  return textHolds(form(String(value)), op, form(String(wanted)))
}

function textHolds(value: string, op: Operator, wanted: string): boolean {
  if (op === 'co') return value.includes(wanted)
  if (op === 'sw') return value.startsWith(wanted)
  if (op === 'ew') return value.endsWith(wanted)
  return ordered(value, wanted, op)
}

function ordered<Kind extends string | number>(value: Kind, wanted: Kind, op: Operator): boolean {
  if (op === 'eq') return value === wanted
  if (op === 'gt') return value > wanted
  if (op === 'ge') return value >= wanted
  if (op === 'lt') return value < wanted
  return op === 'le' && value <= wanted
}
