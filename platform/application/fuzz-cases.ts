import type { Operation } from '../gateway/index.ts'
import type { ProbeRequest } from './send.ts'

type Schema = Readonly<Record<string, unknown>>

/** One input that was never meant; `refused` when the description leaves no room for it. */
export interface FuzzCase {
  readonly name: string
  readonly request: ProbeRequest
  readonly refused: boolean
}

/** A name that no schema has. */
const UNNAMED = 'nobody-named-this'
const DEEP = 2000
const LONG = 200_000
/** Marks that turn the direction of writing, characters made of several, what looks like a code and is none. */
const ODD_TEXT = '\u202e\ufeff\u{1F469}\u200d\u{1F4BB}e\u0301%zz%00${7*7}{{7*7}}'
/** No text at all: the end of a string in other languages, and half a character. */
const NO_TEXT = 'a\u0000\ud800'

/** A body where `name` holds `value` and everything else is as it may be. */
const withField = (base: object, name: string, value: unknown): string =>
  JSON.stringify({ ...base, [name]: value })

const propertiesOf = (schema: Schema): readonly (readonly [string, Schema])[] =>
  Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>)

/** A value that the schema most likely takes, so that the field that is wrong is the only one. */
export function sampleOf(schema: Schema): unknown {
  const [option] = (schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly Schema[]
  if (option !== undefined) return sampleOf(option)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return schema['enum'][0] as unknown
  if (schema['type'] === 'object') {
    const required = new Set((schema['required'] ?? []) as readonly string[])
    return Object.fromEntries(
      propertiesOf(schema).flatMap(([name, one]) => (required.has(name) ? [[name, sampleOf(one)]] : [])),
    )
  }
  if (schema['type'] === 'array') return []
  if (schema['type'] === 'boolean') return true
  if (schema['type'] === 'number' || schema['type'] === 'integer') return schema['minimum'] ?? 1
  return textOf(schema)
}

function textOf({ format, minLength }: Schema): string {
  if (format === 'uuid') return '00000000-0000-4000-8000-000000000000'
  if (format === 'email') return 'probe@example.org'
  if (format === 'date-time') return '2026-01-01T00:00:00Z'
  return 'a'.repeat(Math.max(1, Number(minLength ?? 1)))
}

/** Whether a schema has room for an object inside of which anything may stand. */
function takesObjects(schema: Schema): boolean {
  const options = [schema['anyOf'], schema['oneOf'], schema['allOf']].flatMap(
    (all) => (all ?? []) as Schema[],
  )
  if (options.length > 0) return options.some(takesObjects)
  if ('enum' in schema || 'const' in schema) return false
  return schema['type'] === undefined || schema['type'] === 'object'
}

function jsonBodies(schema: Schema): readonly (readonly [string, string, boolean])[] {
  const base = sampleOf(schema) as object
  const closed = schema['type'] === 'object' && schema['additionalProperties'] === false
  const fields = propertiesOf(schema).flatMap(([name, one]): (readonly [string, string, boolean])[] => [
    [`wrong type in ${name}`, withField(base, name, { [UNNAMED]: [] }), !takesObjects(one)],
    [
      `long text in ${name}`,
      withField(base, name, 'x'.repeat(LONG)),
      Number(one['maxLength'] ?? LONG) < LONG,
    ],
    [`odd text in ${name}`, withField(base, name, ODD_TEXT), false],
    [`no text in ${name}`, withField(base, name, NO_TEXT), true],
  ])
  return [
    ['an array', '[]', true],
    ['text', '"text"', true],
    ['nothing', 'null', true],
    ['half of JSON', '{"a":', true],
    ['deep nesting', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, true],
    ['deep nesting in a field', `{"a":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`, closed],
    ['an unknown field', withField(base, UNNAMED, 1), closed],
    ['a prototype', `{"__proto__":{"x":1},"constructor":{"y":1}}`, closed],
    ['no field', '{}', ((schema['required'] ?? []) as readonly string[]).length > 0],
    ...fields,
  ]
}

/** The path with every part of it filled in. */
function filled(path: string, value: string): string {
  return path.replaceAll(/\{\w+\}/g, encodeURIComponent(value))
}

function inAddress(method: string, path: string, operation: Operation): readonly FuzzCase[] {
  const parameters = operation['parameters'] as readonly { readonly in: string; readonly style?: string }[]
  const open = parameters.some((one) => one.in === 'query' && one.style === 'form')
  const sample = filled(path, '00000000-0000-4000-8000-000000000000')
  const headers = { 'content-type': 'application/json' }
  const body = method === 'GET' ? {} : { headers, body: '{}' }
  const at = (name: string, place: string, refused: boolean): FuzzCase => ({
    name,
    request: { method, path: place, ...body },
    refused,
  })
  return [
    at('an unknown parameter', `${sample}?${UNNAMED}=1`, !open),
    at('a parameter twice', `${sample}?a=1&a=2`, true),
    at('a broken percent sign', `${sample}?a=%zz&%=%c0%af`, !open),
    at('odd text in the path', filled(path, `x\u0000\u202e'"<${'é'.repeat(50)}`), false),
    at('a long path', filled(path, 'x'.repeat(3000)), false),
  ]
}

/** Inputs that the description of a route does not allow, or hardly. */
export function fuzzCases(method: string, path: string, operation: Operation): readonly FuzzCase[] {
  const cases = [...inAddress(method, path, operation)]
  const wanted = operation['requestBody'] as
    | { content: Readonly<Record<string, { schema: Schema }>> }
    | undefined
  if (wanted === undefined) return cases
  const place = filled(path, '00000000-0000-4000-8000-000000000000')
  for (const [type, { schema }] of Object.entries(wanted.content)) {
    // A directory's resource is read by its own schemas behind the route (RFC 7643), which an empty schema stands for.
    const json = type === 'application/json' && Object.keys(schema).length > 0
    for (const [name, body, refused] of jsonBodies(schema))
      cases.push({
        name,
        request: { method, path: place, headers: { 'content-type': type }, body },
        // What is no JSON reads the same bytes in its own way; there it is only asked that nothing breaks.
        refused: json && refused,
      })
  }
  return cases
}
