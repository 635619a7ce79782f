import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { declaredRoutes } from '../../../test/declared-routes.ts'
import { permissions } from '../../kernel/permission.ts'
import { route, type AnyRoute } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import { ask, testGateway } from '../gateway.fixture.ts'
import { openApiOf, type OpenApi } from './document.ts'
import { templateOf } from './input.ts'

type Json = Readonly<Record<string, unknown>>

const routes = (await declaredRoutes()).filter(({ surface }) => surface === 'gateway')
const document = openApiOf(routes)

/** Every object inside a value, with the way to it. */
function* objectsIn(value: unknown, way = '#'): Generator<readonly [string, Json]> {
  if (typeof value !== 'object' || value === null) return
  yield [way, value as Json]
  for (const [name, inner] of Object.entries(value)) yield* objectsIn(inner, `${way}/${name}`)
}

function operationsOf({ paths }: OpenApi) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
}

/** The schemas of everything that is taken. */
function taken({ operation }: ReturnType<typeof operationsOf>[number]): Json[] {
  const body = operation['requestBody'] as { content: Record<string, { schema: Json }> } | undefined
  const parameters = operation['parameters'] as readonly { schema: Json }[]
  return [...Object.values(body?.content ?? {}), ...parameters].map(({ schema }) => schema)
}

/** What JSON Schema 2020-12 has a word for, as far as inputs here use it. */
const WORDS = new Set(
  `type properties required additionalProperties propertyNames items prefixItems minItems maxItems uniqueItems enum const
  anyOf oneOf allOf not default description format pattern minLength maxLength minimum maximum exclusiveMinimum
  exclusiveMaximum multipleOf contentEncoding title`.split(/\s+/),
)
const TYPES: ReadonlySet<unknown> = new Set([
  'object',
  'array',
  'string',
  'number',
  'integer',
  'boolean',
  'null',
])

/** What is wrong with a schema by the rules of JSON Schema 2020-12. */
function faultsOf(schema: unknown, place: string): string[] {
  if (typeof schema === 'boolean') return []
  if (typeof schema !== 'object' || schema === null) return [`${place}: is no schema`]
  const { type, pattern, properties = {}, required = [], ...rest } = schema as Record<string, unknown>
  const faults = Object.keys(schema)
    .filter((word) => !WORDS.has(word))
    .map((word) => `${place}: ${word}`)
  if (type !== undefined && !TYPES.has(type)) faults.push(`${place}: has a type that is none`)
  if (typeof pattern === 'string') assert.doesNotThrow(() => new RegExp(pattern, 'u'), place)
  if (!Array.isArray(required)) faults.push(`${place}: required`)
  const inner = [
    ...Object.entries(properties as object),
    ...['items', 'additionalProperties', 'propertyNames', 'not'].flatMap((name) =>
      name in rest ? [[name, rest[name]] as const] : [],
    ),
    ...['anyOf', 'oneOf', 'allOf', 'prefixItems'].flatMap((name) => Object.entries(rest[name] ?? [])),
  ]
  return [...faults, ...inner.flatMap(([name, one]) => faultsOf(one, `${place}.${name}`))]
}

/** Objects that take what they do not name. */
function openObjects(schema: Json, place: string): string[] {
  return [...objectsIn(schema)].flatMap(([way, { type, properties, additionalProperties }]) =>
    type === 'object' && additionalProperties === undefined && properties !== undefined
      ? [`${place} ${way}`]
      : [],
  )
}

suite('policy 4.3-a.3: the API is described by the routes that run', () => {
  test('every route of the public door is there exactly once, and nothing else', () => {
    const said = operationsOf(document).map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    const declared = routes.map(({ method, path }) => `${method} ${templateOf(path)}`)
    assert.ok(declared.length > 150, `${declared.length} routes`)
    assert.deepEqual(said.sort(), declared.sort())
    const names = operationsOf(document).map(({ operation }) => operation.operationId)
    assert.equal(new Set(names).size, names.length)
  })

  test('every reference leads somewhere', () => {
    for (const [way, { $ref }] of objectsIn(document)) {
      if (typeof $ref !== 'string') continue
      const found = $ref
        .split('/')
        .slice(1)
        .reduce<unknown>((at, name) => (at as Json | undefined)?.[name], document)
      assert.ok($ref.startsWith('#/components/') && found !== undefined, `${way}: ${$ref}`)
    }
  })

  test('every part of a path is a parameter, and no name comes twice', () => {
    for (const { path, operation } of operationsOf(document)) {
      const parameters = operation['parameters'] as readonly { name: string; in: string; required: boolean }[]
      const inPath = parameters.filter((one) => one.in === 'path')
      assert.deepEqual(
        inPath.map(({ name }) => `{${name}}`),
        path.match(/\{\w+\}/g) ?? [],
        path,
      )
      assert.ok(inPath.every(({ required }) => required))
      const names = parameters.map((one) => `${one.in} ${one.name}`)
      assert.equal(new Set(names).size, names.length, path)
    }
  })

  test('every schema is one of JSON Schema 2020-12, and what it does not name is refused', () => {
    const all = operationsOf(document)
    assert.deepEqual(
      all.flatMap((one) => taken(one).flatMap((schema) => faultsOf(schema, one.operation.operationId))),
      [],
    )
    const scim = (one: (typeof all)[number]) => one.path.startsWith('/scim/')
    const open = all
      .filter((one) => !scim(one))
      .flatMap((one) => taken(one).flatMap((schema) => openObjects(schema, one.operation.operationId)))
    assert.deepEqual(open, [])
    for (const schema of all.flatMap(taken)) assert.doesNotThrow(() => z.fromJSONSchema(schema))
  })

  test('permission, level, limit, event, refusals and the way to say who asks stand at every route', () => {
    for (const { operation } of operationsOf(document)) {
      const at = operation.operationId
      assert.ok(Object.hasOwn(permissions, String(operation['x-permission'])), at)
      assert.ok(['page', 'api', 'sign-in'].includes((operation['x-rate'] as { budget: string }).budget), at)
      assert.ok(operation['x-event'] !== null || operation['x-no-event-because'] !== undefined, at)
      const { '429': tooMany, default: other } = operation['responses'] as Readonly<Record<string, Json>>
      assert.match(String(tooMany?.['$ref']), /TooMany$/, at)
      assert.match(String(other?.['$ref']), /Problem$|ScimError$/, at)
      const ways = operation['security'] as readonly Json[]
      const known = Object.keys(document.components['securitySchemes'] ?? {})
      assert.ok(ways.length > 0 && ways.flatMap(Object.keys).every((name) => known.includes(name)), at)
      assert.equal(
        ways.some((way) => Object.keys(way).length === 0),
        operation['x-level'] === 'none',
        at,
      )
    }
  })

  test('a route that takes anything shows as one', () => {
    const careless = route({
      method: 'POST',
      path: '/api/careless/:id',
      permission: 'public',
      level: 'none',
      event: { none: 'exists in this test' },
      params: z.strictObject({ id: z.string().max(9) }),
      body: z.looseObject({ name: z.string() }),
      handle: async () => ({}),
    }) as AnyRoute
    const [one] = operationsOf(openApiOf([careless]))
    assert.ok(one)
    const loose = taken(one)
      .flatMap((schema) => [...objectsIn(schema)])
      .filter(([, inner]) => JSON.stringify(inner['additionalProperties']) === '{}')
    assert.equal(loose.length, 1)
  })

  test('the running gateway gives it to anybody, with the very routes that it serves', async () => {
    const at = await testGateway()
    try {
      const answer = await ask(at, '/api/openapi.json')
      assert.deepEqual(
        [answer.status, answer.headers['content-type']],
        [200, 'application/openapi+json;version=3.1'],
      )
      assert.equal(answer.headers['x-content-type-options'], 'nosniff')
      const served = at.gateway.routes.filter(({ surface }) => surface === 'gateway')
      assert.equal(operationsOf(JSON.parse(answer.body) as OpenApi).length, served.length)
    } finally {
      await at.close()
    }
  })
})
