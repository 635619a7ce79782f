import type { ResourceType } from './attribute.ts'
import { readPath, splitSchema, type AttributePath } from './attribute-path.ts'
import { readElementFilter, type Filter } from './filter.ts'
import { elementMatches } from './filter-match.ts'
import { isRecord, type Resource, type Value } from './resource.ts'
import { bad } from './scim-error.ts'

/** Which attributes a client wants, or wants to be left out (RFC 7644 §3.9). */
export interface Projection {
  readonly only: readonly Wanted[] | null
  readonly without: readonly Wanted[]
}

interface Wanted {
  /** A whole extension, by its id. */
  readonly extension: string | null
  readonly path: AttributePath | null
  readonly filter: Filter | null
}

const NAMES_MAX = 100

/** Reads `attributes` and `excludedAttributes`; names that there are not are left out. Both at once are refused. */
export function readProjection(
  type: ResourceType,
  attributes: string | readonly string[] | undefined,
  excluded: string | readonly string[] | undefined,
): Projection {
  const only = namesIn(attributes)
  const without = namesIn(excluded)
  if (only.length > 0 && without.length > 0)
    throw bad('invalidValue', 'Either attributes or excludedAttributes is given, not both.')
  return {
    only: only.length === 0 ? null : only.flatMap((name) => readWanted(type, name)),
    without: without.flatMap((name) => readWanted(type, name)),
  }
}

function namesIn(given: string | readonly string[] | undefined): string[] {
  const list = typeof given === 'string' ? given.split(/,(?![^[]*\])/) : (given ?? [])
  const names = list.map((one) => one.trim()).filter((one) => one !== '')
  if (names.length > NAMES_MAX) throw bad('invalidValue', `At most ${NAMES_MAX} attributes are named.`)
  return names
}

function readWanted(type: ResourceType, name: string): Wanted[] {
  const split = splitSchema(type, name)
  if (split === null) return []
  if (split.rest === '') return [{ extension: split.extension ?? type.core.id, path: null, filter: null }]
  const open = name.indexOf('[')
  if (open < 0) {
    const path = readPath(type, name)
    return path === null ? [] : [{ extension: null, path, filter: null }]
  }
  const list = readPath(type, name.slice(0, open))
  if (list === null || !name.endsWith(']')) return []
  return [{ extension: null, path: list, filter: readElementFilter(type, list, name.slice(open + 1, -1)) }]
}

/** What is shown of a resource; `id`, `schemas` and what is always returned stay in any case. */
export function project(type: ResourceType, resource: Resource, { only, without }: Projection): Resource {
  if (only === null && without.length === 0) return resource
  const shown: Record<string, Value | undefined> = {}
  for (const [name, value] of Object.entries(resource)) {
    if (value === undefined) continue
    if (name === 'id' || name === 'schemas') shown[name] = value
    else if (name === type.extension?.id) shown[name] = projectExtension(value, name, only, without)
    else shown[name] = projectAttribute(name, null, value, type.core.id, only, without)
  }
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined))
}

function projectExtension(
  value: Value,
  id: string,
  only: readonly Wanted[] | null,
  without: readonly Wanted[],
): Value | undefined {
  if (without.some((one) => one.extension === id)) return undefined
  if (only?.some((one) => one.extension === id) === true) return value
  if (!isRecord(value)) return undefined
  const parts = Object.entries(value as Resource).map(([name, part]) => [
    name,
    part === undefined ? undefined : projectAttribute(name, id, part, id, only, without),
  ])
  const left = parts.filter(([, part]) => part !== undefined)
  return left.length === 0 ? undefined : (Object.fromEntries(left) as Value)
}

function projectAttribute(
  name: string,
  extension: string | null,
  value: Value,
  schema: string,
  only: readonly Wanted[] | null,
  without: readonly Wanted[],
): Value | undefined {
  const names = (one: Wanted): boolean =>
    one.path?.attribute.name === name && one.path.extension === extension
  if (only !== null) {
    if (only.some((one) => one.extension === schema)) return value
    const wanted = only.filter(names)
    if (wanted.length === 0) return undefined
    if (wanted.some((one) => one.path?.sub === null && one.filter === null)) return value
    return eachElement(value, (element) => keepParts(element, wanted))
  }
  if (without.some((one) => one.extension === schema)) return undefined
  const unwanted = without.filter(names)
  if (unwanted.some((one) => one.path?.sub === null)) return undefined
  return unwanted.length === 0 ? value : eachElement(value, (element) => dropParts(element, unwanted))
}

function eachElement(value: Value, change: (element: Value) => Value | undefined): Value | undefined {
  if (!Array.isArray(value)) return change(value)
  const left = (value as readonly Value[]).map(change).filter((one) => one !== undefined)
  return left.length === 0 ? undefined : left
}

function keepParts(element: Value, wanted: readonly Wanted[]): Value | undefined {
  if (wanted.some((one) => one.filter !== null && elementMatches(one.filter, element))) return element
  if (!isRecord(element)) return undefined
  const names = new Set(wanted.map((one) => one.path?.sub?.name))
  const left = Object.entries(element).filter(([name]) => names.has(name))
  return left.length === 0 ? undefined : (Object.fromEntries(left) as Value)
}

function dropParts(element: Value, unwanted: readonly Wanted[]): Value | undefined {
  if (!isRecord(element)) return element
  const names = new Set(unwanted.map((one) => one.path?.sub?.name))
  return Object.fromEntries(Object.entries(element).filter(([name]) => !names.has(name))) as Value
}
