import type { AnyRoute } from '../kernel/route.ts'

/** A zod schema as far as its strictness goes; the parts are found by the names that zod 4 gives them. */
interface SchemaLike {
  readonly def: Readonly<Record<string, unknown>> & { readonly type: string }
}

const LEAVES = new Set(
  'string number boolean bigint int literal enum null undefined void date never nan template_literal'.split(
    ' ',
  ),
)
const INNER = ['innerType', 'in', 'element', 'valueType', 'left', 'right'] as const

function isSchema(value: unknown): value is SchemaLike {
  return typeof value === 'object' && value !== null && 'def' in value
}

/** The places in a schema that let in what they do not name, as `body.items`; none when it is strict. */
export function loosePlaces(schema: unknown, place: string, seen = new Set<unknown>()): string[] {
  if (!isSchema(schema)) return [place]
  if (seen.has(schema)) return []
  seen.add(schema)
  const { def } = schema
  if (LEAVES.has(def.type)) return []
  if (def.type === 'object') {
    const catchall = def['catchall']
    const strict = isSchema(catchall) && catchall.def.type === 'never'
    const shape = Object.entries(def['shape'] as Record<string, unknown>)
    return [
      ...(strict ? [] : [place]),
      ...shape.flatMap(([name, inner]) => loosePlaces(inner, `${place}.${name}`, seen)),
    ]
  }
  const listed = [def['options'], def['items']].flatMap((value) => (Array.isArray(value) ? value : []))
  const parts = [...listed, ...INNER.map((name) => def[name]).filter((value) => value !== undefined)]
  // `any`, `unknown`, `custom` and whatever else has no parts says nothing about what it lets in.
  return parts.length === 0 ? [place] : parts.flatMap((part) => loosePlaces(part, place, seen))
}

/** The inputs of a route that are not strict. */
export function looseInputs(route: AnyRoute): string[] {
  const parts =
    route.method === 'GET' ? (['params', 'query'] as const) : (['params', 'query', 'body'] as const)
  return parts.flatMap((part) => loosePlaces(route.input[part], `${route.method} ${route.path} ${part}`))
}
