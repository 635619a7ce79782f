import { Agent } from 'node:https'
import {
  accountRate,
  apiRate,
  openApiOf,
  looseInputs,
  networkRate,
  runningTarget,
  signInRate,
  withTwin,
  workspaceRate,
  type AccessDoor,
  type GatewaySystem,
  type ProbeTarget,
} from '../gateway/index.ts'
import { stranger } from '../kernel/caller.ts'
import { HOUR } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { policyWith } from '../kernel/parameter.ts'
import { filledPath, route, type AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import { fuzzCases, type FuzzCase } from './fuzz-cases.ts'
import { sendProbe } from './send.ts'

/** What the control of inputs observes. */
export interface FuzzSystem {
  readonly gate: GatewaySystem
  /** Sends malformed input to the protected service's own routes; how many were sent, and which were not refused. */
  readonly atService?: () => Promise<{ readonly sent: number; readonly faults: readonly string[] }>
}

/** Connections at once; each is kept for the next case. */
const AT_ONCE = 2
const ENOUGH = 1_000_000_000

/** Somebody who may do everything, so that the schema is what decides. */
const allowed: AccessDoor = {
  identify: async (_request, from) => ({ ...stranger(from), kind: 'api-key', id: 'probe', level: 'full' }),
  decide: () => ({ allow: true }),
  fresh: () => true,
  provesForm: () => true,
}

/** The route with its own schema and nothing behind it, so that whatever is let in changes nothing. */
function hollow(one: AnyRoute): AnyRoute {
  return { ...one, perMinute: null, handle: async () => ({ taken: true }) }
}

interface Fuzzed {
  readonly cases: number
  readonly refused: number
  readonly broken: readonly string[]
  readonly let: readonly string[]
}

async function fuzz(target: ProbeTarget, routes: readonly AnyRoute[]): Promise<Fuzzed> {
  const all = Object.entries(openApiOf(routes).paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      fuzzCases(method.toUpperCase(), path, operation).map((one) => ({
        ...one,
        at: `${method.toUpperCase()} ${path}`,
      })),
    ),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const [broken, taken]: string[][] = [[], []]
  let refused = 0
  const next = all.values()
  const worker = async (): Promise<void> => {
    for (const one of next) {
      const status = await statusOf(target, one, agent)
      if (status >= 500) broken?.push(`${one.at} answered ${status} to ${one.name}`)
      if (status >= 400 && status < 500) refused += 1
      if (status < 400 && one.refused) taken?.push(`${one.at} took ${one.name}`)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
  } finally {
    agent.destroy()
  }
  return { cases: all.length, refused, broken: broken ?? [], let: taken ?? [] }
}

/** A connection that the gateway closed after a body it did not want is an answer too. */
async function statusOf(target: ProbeTarget, { request }: FuzzCase, agent: Agent): Promise<number> {
  try {
    return (await sendProbe(target, request, agent)).status
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPIPE' || code === 'ECONNRESET') return 413
    throw error
  }
}

function atTwin(gate: GatewaySystem, routes: readonly AnyRoute[]): Promise<Fuzzed> {
  const rates = [apiRate, networkRate, accountRate, workspaceRate, signInRate].map(({ name }) => [
    name,
    ENOUGH,
  ])
  const policy = policyWith(Object.fromEntries(rates) as Record<string, number>, gate.policy)
  return withTwin(gate, { policy, routes, access: allowed }, (target) => fuzz(target, routes))
}

/** Open routes of the running gateway, asked from outside with a field that nobody named. */
async function atRunning(gate: GatewaySystem, routes: readonly AnyRoute[]): Promise<Fuzzed> {
  const open = routes.filter(
    ({ level, method, reads }) => level === 'none' && method !== 'GET' && reads === 'json',
  )
  const statuses = await Promise.all(
    open.map(async ({ method, path }) => {
      const request = {
        method,
        path: filledPath(path, () => 'probe'),
        headers: { 'content-type': 'application/json' },
        body: '{"nobody-named-this":1}',
      }
      return { at: `${method} ${path}`, status: (await sendProbe(runningTarget(gate), request)).status }
    }),
  )
  return {
    cases: open.length,
    refused: statuses.filter(({ status }) => status >= 400 && status < 500).length,
    broken: statuses
      .filter(({ status }) => status >= 500)
      .map(({ at, status }) => `${at} answered ${status}`),
    let: statuses.filter(({ status }) => status < 400).map(({ at }) => `${at} took an unknown field`),
  }
}

async function look(
  { gate, atService }: FuzzSystem,
  given: readonly AnyRoute[],
  running: boolean,
): Promise<Observation> {
  const routes = given.filter(({ surface }) => surface === 'gateway')
  const strict = routes.filter((one) => one.reads === 'scim' || looseInputs(one).length === 0).length
  const twin = await atTwin(gate, routes)
  const real = running ? await atRunning(gate, routes) : { cases: 0, refused: 0, broken: [], let: [] }
  const service = running && atService !== undefined ? await atService() : { sent: 0, faults: [] }
  const faults = [...twin.broken, ...twin.let, ...real.broken, ...real.let, ...service.faults]
  if (strict < routes.length) faults.unshift(`${routes.length - strict} routes take what they do not name`)
  const cases = twin.cases + real.cases + service.sent
  const says = `${strict} of ${routes.length} routes name every field that they take; of ${cases} inputs that they were never meant for none was taken that the description rules out, and none broke anything.`
  return {
    result: faults.length === 0 ? 'pass' : 'fail',
    saw: faults.length === 0 ? says : faults.slice(0, 5).join('; '),
    metrics: {
      routes: routes.length,
      strict,
      cases,
      refused: twin.refused + real.refused,
      atService: service.sent,
      serverErrors: twin.broken.length + real.broken.length,
      taken: twin.let.length + real.let.length,
    },
    scope: { count: routes.length, coverage: strict / Math.max(1, routes.length), of: 'declared routes' },
  }
}

const careless = {
  permission: 'public',
  level: 'none',
  event: { none: 'exists in a twin for the length of a check' },
} as const

/** One route that takes any field, and one that falls over text that nobody expected. */
const carelessRoutes = [
  route({
    ...careless,
    method: 'POST',
    path: '/api/careless/any',
    body: z.looseObject({ name: z.string().max(9) }),
    handle: async () => ({}),
  }),
  route({
    ...careless,
    method: 'POST',
    path: '/api/careless/fragile',
    body: z.strictObject({ name: z.string().transform((text) => decodeURIComponent(text)) }),
    handle: async () => ({}),
  }),
] as readonly AnyRoute[]

/** Policy 5.3-a: whatever is entered is validated, and nothing that is entered breaks the program. */
export const inputsValidated: Control<FuzzSystem> = control({
  id: 'inputs-validated',
  clauses: ['5.3-a'],
  reads: [],
  everySeconds: 12 * HOUR,
  enforcedIn: [
    'platform/gateway/route-checks.ts',
    'platform/gateway/schema-strictness.ts',
    'platform/kernel/route.ts',
  ],
  looks:
    'Sends every route wrong types, missing, unknown and endless fields, odd text and deep nesting, made from its description.',
  breaks: 'Adds a route that takes any field and one that fails on odd text: both must be found.',
  check: (system) => look(system, system.gate.gateway.routes.map(hollow), true),
  knownBad: async (system) => {
    const seen = await look(system, carelessRoutes, false)
    const both = Number(seen.metrics['serverErrors']) > 0 && seen.metrics['strict'] === 1
    return both ? seen : { ...seen, result: 'pass' }
  },
})
