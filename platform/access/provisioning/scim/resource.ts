import type { Attribute, ResourceType } from './attribute.ts'
import { readPath, sameName, splitSchema } from './attribute-path.ts'
import { booleanOf } from './filter.ts'
import { bad } from './scim-error.ts'

/** A value inside a resource. */
export type Value =
  | string
  | number
  | boolean
  | readonly Value[]
  | { readonly [name: string]: Value | undefined }

/** A resource in canonical form: attributes by the names that the schemas give them, nothing that is unassigned. */
export type Resource = Readonly<Record<string, Value | undefined>>

/** Longest text of an attribute, and most values of one; groups have more members. */
export const VALUE_LIMITS = { characters: 20_000, values: 1000, members: 20_000 } as const

/**
 * Reads a resource as a client sends it: names in any case, unknown ones left out, yes and no also as texts, `null`
 * and empty lists as unassigned. Read-only attributes are left out. Throws `invalidValue` and `invalidSyntax`.
 */
export function readResource(type: ResourceType, body: unknown): Resource {
  if (!isRecord(body)) throw bad('invalidSyntax', 'A resource is an object.')
  const made: Record<string, Value> = {}
  for (const [key, given] of Object.entries(body)) {
    const split = splitSchema(type, key)
    if (split !== null && split.extension !== null && split.rest === '') {
      const extension = readExtension(type, split.extension, given)
      if (extension !== undefined) made[split.extension] = extension
      continue
    }
    const path = readPath(type, key)
    if (path === null || path.sub !== null || path.extension !== null) continue
    if (path.attribute.mutability === 'readOnly') continue
    const value = readValue(path.attribute, given)
    if (value !== undefined) made[path.attribute.name] = value
  }
  return made
}

function readExtension(type: ResourceType, id: string, given: unknown): Value | undefined {
  if (given === null) return undefined
  if (!isRecord(given)) throw bad('invalidValue', 'An extension is an object.')
  const made: Record<string, Value> = {}
  for (const [key, part] of Object.entries(given)) {
    const attribute = type.extension?.attributes.find(
      (one) => type.extension?.id === id && sameName(one.name, key),
    )
    if (attribute === undefined || attribute.mutability === 'readOnly') continue
    const value = readValue(attribute, part)
    if (value !== undefined) made[attribute.name] = value
  }
  return Object.keys(made).length === 0 ? undefined : made
}

/** Reads the value of an attribute; undefined when it is unassigned. */
export function readValue(attribute: Attribute, given: unknown): Value | undefined {
  if (given === null || given === undefined) return undefined
  if (!attribute.multiValued) return readSingle(attribute, given)
  const list = Array.isArray(given) ? (given as unknown[]) : [given]
  const most = attribute.name === 'members' ? VALUE_LIMITS.members : VALUE_LIMITS.values
  if (list.length > most) throw bad('invalidValue', `${attribute.name} has too many values.`)
  const values = list.map((one) => readSingle(attribute, one)).filter((one) => one !== undefined)
  if (values.filter(isPrimary).length > 1)
    throw bad('invalidValue', `${attribute.name} has more than one primary value.`)
  return values.length === 0 ? undefined : values
}

/** Whether a value of a list is the preferred one. */
export function isPrimary(value: Value): boolean {
  return isRecord(value) && value['primary'] === true
}

/** Reads one value; a complex attribute given as a text has that text as its `value`. */
export function readSingle(attribute: Attribute, given: unknown): Value | undefined {
  if (given === null || given === undefined) return undefined
  if (attribute.type !== 'complex') return readSimple(attribute, given)
  if (typeof given === 'string') return readComplex(attribute, { value: given })
  if (!isRecord(given)) throw bad('invalidValue', `${attribute.name} is an object.`)
  return readComplex(attribute, given)
}

function readComplex(attribute: Attribute, given: Readonly<Record<string, unknown>>): Value | undefined {
  const made: Record<string, Value> = {}
  for (const [key, part] of Object.entries(given)) {
    // Microsoft Entra names a member by `displayName`.
    const name = attribute.name === 'members' && sameName(key, 'displayName') ? 'display' : key
    const sub = attribute.subAttributes?.find((one) => sameName(one.name, name))
    if (sub === undefined || (sub.mutability === 'readOnly' && attribute.name !== 'members')) continue
    const value = readSimple(sub, part)
    if (value !== undefined) made[sub.name] = value
  }
  return Object.keys(made).length === 0 ? undefined : made
}

function readSimple(attribute: Attribute, given: unknown): Value | undefined {
  if (given === null || given === undefined) return undefined
  const { name, type } = attribute
  if (type === 'boolean') {
    const flag = typeof given === 'string' ? booleanOf(given) : given
    if (typeof flag !== 'boolean') throw bad('invalidValue', `${name} is true or false.`)
    return flag
  }
  if (type === 'integer') {
    if (typeof given !== 'number' || !Number.isSafeInteger(given))
      throw bad('invalidValue', `${name} is a whole number.`)
    return given
  }
  const text = typeof given === 'number' ? String(given) : given
  if (typeof text !== 'string') throw bad('invalidValue', `${name} is a text.`)
  if (text.length > VALUE_LIMITS.characters) throw bad('invalidValue', `${name} is too long.`)
  if (type === 'dateTime' && Number.isNaN(Date.parse(text)))
    throw bad('invalidValue', `${name} is a date and time.`)
  return text
}

/** Throws `invalidValue` when a required attribute is not there. */
export function requireComplete(type: ResourceType, resource: Resource): void {
  for (const one of type.core.attributes) {
    const value = resource[one.name]
    if (one.required && (value === undefined || (typeof value === 'string' && value.trim() === '')))
      throw bad('invalidValue', `${one.name} is required.`)
  }
}

/** The text of a simple attribute. */
export function textOf(resource: Resource, name: string): string | undefined {
  const value = resource[name]
  return typeof value === 'string' ? value : undefined
}

/** Whether something is a plain object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
