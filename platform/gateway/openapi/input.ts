import { filledPath, type AnyRoute } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'

/** A schema in JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What a route takes, before it is converted; a rule that JSON Schema has no word for is left out. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  const {
    $schema: _,
    '~standard': _own,
    ...rest
  } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Record<string, unknown>
  return rest
}

/** A pattern of Hono as a template of OpenAPI: `/a/:id{.+}` and `/a/*` as `/a/{id}` and `/a/{rest}`. */
export function templateOf(path: string): string {
  return filledPath(path, (name) => `{${name}}`)
}

function namesIn(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** What a route takes in its address. */
export function parametersOf(route: AnyRoute): readonly JsonSchema[] {
  const declared = propertiesOf(inputSchema(route.input.params))
  const path = namesIn(templateOf(route.path)).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: declared.properties[name] ?? { type: 'string' },
  }))
  return [...path, ...queryOf(inputSchema(route.input.query))]
}

function queryOf(schema: JsonSchema): readonly JsonSchema[] {
  const { properties, required } = propertiesOf(schema)
  const named = Object.entries(properties).map(([name, one]) => ({
    name,
    in: 'query',
    required: required.has(name),
    schema: one,
  }))
  // Whatever has no names of its own is one parameter that becomes many (`style: form`, exploded).
  const open = typeof schema['additionalProperties'] === 'object' || 'anyOf' in schema || 'allOf' in schema
  const any = { name: 'parameters', in: 'query', required: false, style: 'form', explode: true, schema }
  return open ? [...named, any] : named
}

function propertiesOf(schema: JsonSchema): {
  readonly properties: Readonly<Record<string, JsonSchema>>
  readonly required: ReadonlySet<string>
} {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>
  return { properties, required: new Set((schema['required'] ?? []) as readonly string[]) }
}
