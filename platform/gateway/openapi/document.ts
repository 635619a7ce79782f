import { PROBLEM_CODES } from '../../kernel/problem.ts'
import type { AnyRoute } from '../../kernel/route.ts'
import { inputSchema, parametersOf, templateOf, type JsonSchema } from './input.ts'

/** An OpenAPI 3.1 document. */
export interface OpenApi {
  readonly openapi: '3.1.1'
  readonly info: Readonly<Record<string, unknown>>
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** What is said of one route. */
export type Operation = Readonly<Record<string, unknown>> & { readonly operationId: string }

const ABOUT = [
  'Made from the routes that run, so it cannot differ from them.',
  'Everything that a route takes is described whole: a field that is not named here is refused.',
  'Replies are JSON; their shape is declared in types of the source and not repeated here.',
  '`x-permission` is what the caller needs, `x-level` how surely the caller is known (`full`: two factors),',
  '`x-event` what the audit log keeps of a success, `x-rate` the budget that a request is taken from.',
  'The protected service below `/inbox` has routes of its own, which are not part of this.',
].join(' ')

/** What a body is written in. */
const MEDIA = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  scim: 'application/scim+json',
  text: 'text/plain',
} as const

/** Describes the routes of the gateway's own door (OpenAPI 3.1.1). Policy 4.3-a.3. */
export function openApiOf(routes: readonly AnyRoute[]): OpenApi {
  const own = routes.filter(({ surface }) => surface === 'gateway')
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of own) {
    const path = templateOf(route.path)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  const tags = [...new Set(own.map(tagOf))].sort().map((name) => ({ name }))
  return {
    openapi: '3.1.1',
    info: {
      title: 'Surety',
      version: '0.1.0',
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags,
    paths,
    components: { securitySchemes, headers, responses, schemas },
  }
}

function tagOf({ path }: AnyRoute): string {
  const parts = path.split('/').filter((part) => part !== '')
  const name = parts[0] === 'api' ? parts[1] : parts[0]
  return (name ?? 'root').replace(/^\.|\.\w+$/g, '')
}

/** The name of a route in programs made from the document. */
function operationId({ method, path }: AnyRoute): string {
  const words = path
    .replaceAll('*', 'any')
    .replaceAll(/\{[^}]*\}/g, '')
    .split(/[^A-Za-z0-9]+/)
  return [method.toLowerCase(), ...words.filter((word) => word !== '')].join('_')
}

function operationOf(route: AnyRoute): Operation {
  const { event, perMinute } = route
  return {
    operationId: operationId(route),
    tags: [tagOf(route)],
    'x-permission': route.permission,
    'x-level': route.level,
    'x-fresh-factor': route.fresh,
    'x-event': typeof event === 'string' ? event : null,
    ...(typeof event === 'string' ? {} : { 'x-no-event-because': event.none }),
    'x-rate': { budget: route.rate, perMinute },
    security: securityOf(route),
    parameters: parametersOf(route),
    ...bodyOf(route),
    responses: responsesOf(route),
  }
}

function bodyOf(route: AnyRoute): { readonly requestBody?: object } {
  if (route.method === 'GET') return {}
  const schema = inputSchema(route.input.body)
  const required = Array.isArray(schema['required']) && schema['required'].length > 0
  const [type, also] = [MEDIA[route.reads], route.reads === 'scim' ? { [MEDIA.json]: { schema } } : {}]
  return { requestBody: { required, content: { [type]: { schema }, ...also } } }
}

/** Who may ask: nobody in particular, a session with the proof of its page, a key, a program, or a directory. */
function securityOf(route: AnyRoute): readonly Readonly<Record<string, readonly string[]>>[] {
  if (route.permission === 'public') return [{}]
  if (route.reads === 'scim' || route.permission === 'directory.provision') return [{ directory: [] }]
  const plain = route.method === 'GET' || route.reads === 'form' || route.fromOtherSites !== null
  const session = plain ? { session: [] } : { session: [], page: [] }
  if (route.level === 'none') return [{}, session]
  const people = route.level !== 'full' || route.fresh || route.permission.startsWith('self.')
  return people ? [session] : [session, { key: [] }, { program: [route.permission] }]
}

const ref = (name: string): object => ({ $ref: `#/components/responses/${name}` })

function responsesOf(route: AnyRoute): Readonly<Record<string, object>> {
  const problem = ref(route.reads === 'scim' ? 'ScimError' : 'Problem')
  return {
    '2XX': { description: 'What was asked for.', headers: rateHeaders },
    ...(route.permission === 'public' ? {} : { '401': problem, '403': problem }),
    '422': problem,
    '429': ref(route.reads === 'scim' ? 'ScimTooMany' : 'TooMany'),
    default: problem,
  }
}

const rateHeaders = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
}

const headers = {
  RateLimit: {
    description: 'What is left of the budget, and the seconds until it is full.',
    schema: { type: 'string' },
  },
  RateLimitPolicy: { description: 'Requests in a window of so many seconds.', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
}

const tooManyHeaders = { ...rateHeaders, 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
const inProblem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
const inScim = { 'application/scim+json': { schema: { $ref: '#/components/schemas/ScimError' } } }

const responses = {
  Problem: { description: 'Why it was refused (RFC 9457).', content: inProblem },
  TooMany: {
    description: 'More requests than the policy allows.',
    headers: tooManyHeaders,
    content: inProblem,
  },
  ScimError: { description: 'Why it was refused (RFC 7644 section 3.12).', content: inScim },
  ScimTooMany: {
    description: 'More requests than the policy allows.',
    headers: tooManyHeaders,
    content: inScim,
  },
}

const schemas: Readonly<Record<string, JsonSchema>> = {
  Problem: {
    type: 'object',
    properties: {
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: { type: 'string', enum: [...PROBLEM_CODES] },
      title: { type: 'string' },
      detail: { type: 'string' },
      requestId: { type: 'string' },
    },
    required: ['status', 'code', 'title', 'detail', 'requestId'],
    additionalProperties: true,
  },
  ScimError: {
    type: 'object',
    properties: {
      schemas: { type: 'array', items: { type: 'string' } },
      status: { type: 'string' },
      detail: { type: 'string' },
    },
    required: ['schemas', 'status', 'detail'],
    additionalProperties: false,
  },
}

const securitySchemes = {
  session: { type: 'apiKey', in: 'cookie', name: '__Host-surety', description: 'A signed-in person.' },
  page: {
    type: 'apiKey',
    in: 'header',
    name: 'Surety-Form',
    description: 'The value of the cookie `__Host-surety-form`, which only a page of the session can read.',
  },
  key: { type: 'http', scheme: 'bearer', description: 'An API key (`sk_…`).' },
  program: { type: 'openIdConnect', openIdConnectUrl: '/.well-known/openid-configuration' },
  directory: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a directory that provisions people.',
  },
}
