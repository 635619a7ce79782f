import { commonAttributes, type Attribute, type ResourceType } from './attribute.ts'

/** A place in a resource: an attribute, perhaps of the extension, perhaps one of its sub-attributes. */
export interface AttributePath {
  /** The extension's id when the attribute belongs to it. */
  readonly extension: string | null
  readonly attribute: Attribute
  readonly sub: Attribute | null
}

/** Attribute names are ASCII, case does not count (RFC 7643 §2.1). */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function named(attributes: readonly Attribute[], name: string): Attribute | undefined {
  return attributes.find((one) => sameName(one.name, name))
}

/** Takes the schema in front of an attribute's name off; `extension` is null for the core schema. */
export function splitSchema(
  type: ResourceType,
  text: string,
): { readonly extension: string | null; readonly rest: string } | null {
  const { core, extension } = type
  for (const schema of extension === null ? [core] : [core, extension]) {
    const { id } = schema
    const own = schema === core ? null : id
    if (sameName(text, id)) return { extension: own, rest: '' }
    if (sameName(text.slice(0, id.length + 1), `${id}:`))
      return { extension: own, rest: text.slice(id.length + 1) }
  }
  return /^urn:/i.test(text) ? null : { extension: null, rest: text }
}

/** Reads `attribute`, `attribute.sub` or either behind a schema's id; null when there is no such attribute. */
export function readPath(type: ResourceType, text: string): AttributePath | null {
  const split = splitSchema(type, text)
  if (split === null) return null
  const [name = '', subName, ...more] = split.rest.split('.')
  if (more.length > 0) return null
  const inCore = [...commonAttributes, ...type.core.attributes]
  const found = named(split.extension === null ? inCore : (type.extension?.attributes ?? []), name)
  if (found === undefined) return null
  if (subName === undefined) return { extension: split.extension, attribute: found, sub: null }
  const sub = named(found.subAttributes ?? [], subName)
  return sub === undefined ? null : { extension: split.extension, attribute: found, sub }
}
