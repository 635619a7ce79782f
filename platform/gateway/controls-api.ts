import { HOUR } from '../kernel/clock.ts'
import { setTimeout as wait } from 'node:timers/promises'
import { control, type Observation } from '../kernel/control.ts'
import { policyWith } from '../kernel/parameter.ts'
import { probeAddress, probeAddressHere } from '../kernel/probe-address.ts'
import { filledPath, route, type AnyRoute } from '../kernel/route.ts'
import { z } from '../kernel/schema.ts'
import { openReconciliation, type EventCounts } from './completeness.ts'
import { apiRate } from './parameters.ts'
import { burst, fetchHttp1, type ProbeReply, type ProbeTarget } from './probe.ts'
import type { RequestCounts } from './request-log.ts'
import { looseInputs } from './schema-strictness.ts'
import { runningTarget, withTwin, type GatewaySystem } from './twin.ts'

const RATES = new Set(['page', 'api', 'sign-in'])

/** A path of the `api` budget that anybody may read and that needs no database. */
const CANARY = '/.well-known/jwks.json'

async function lookAtRate(
  target: ProbeTarget,
  limit: number,
  routes: readonly AnyRoute[],
  from?: string,
): Promise<Observation> {
  const answers = await burst(target, CANARY, limit + 5, from)
  const served = answers.filter(({ status }) => status === 200).length
  const refused = answers.filter(
    ({ status, headers }) => status === 429 && Number(headers['retry-after']) > 0,
  )
  const rated = routes.filter(({ rate }) => RATES.has(rate)).length
  const right = served === limit && refused.length === 5 && rated === routes.length
  return {
    result: right ? 'pass' : 'fail',
    saw: `Of ${answers.length} requests at once ${served} were served and ${refused.length} refused with 429 and Retry-After; ${rated} of ${routes.length} routes have a rate.`,
    metrics: { sent: answers.length, served, refused: refused.length, limitPerMinute: limit, routes: rated },
    scope: { count: routes.length, coverage: rated / Math.max(1, routes.length), of: 'declared routes' },
  }
}

const publicRoutes = ({ gateway }: GatewaySystem): readonly AnyRoute[] =>
  gateway.routes.filter(({ surface }) => surface === 'gateway')

const rate = control<GatewaySystem>({
  id: 'api-rate',
  clauses: ['4.3-a.1'],
  reads: [apiRate],
  // A burst leaves a line in the log for each request, so it runs less often than the others.
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/gateway/rate-limit.ts', 'platform/gateway/route-checks.ts'],
  looks:
    'Sends more requests at once than a minute allows, from an address of its own, and counts the answers.',
  breaks: 'Runs the same gateway with a limit ten times as high.',
  check: async (system) => {
    const limit = system.policy.read(apiRate)
    const routes = publicRoutes(system)
    try {
      return await lookAtRate(runningTarget(system), limit, routes, probeAddress())
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EADDRNOTAVAIL' && code !== 'EINVAL') throw error
      // Without an address of its own the burst would lock out people on this machine.
      const seen = await withTwin(system, {}, (target) => lookAtRate(target, limit, routes))
      return { ...seen, saw: `${seen.saw} Seen at a second listener of this gateway.` }
    }
  },
  knownBad: (system) => {
    const limit = system.policy.read(apiRate)
    const policy = policyWith({ [apiRate.name]: limit * 10 }, system.policy)
    return withTwin(system, { policy }, (target) => lookAtRate(target, limit, publicRoutes(system)))
  },
})

const MALFORMED = ['{', '[]', '"text"', '{"__proto__":{"x":1},"nobody-named-this":1}', '['.repeat(5000)]

/** Routes of each sort that are asked; from one address, few enough to stay inside the budget of sign-in. */
const SAMPLE = { fromOne: 2, fromMany: 5 }

async function lookAtInput(
  target: ProbeTarget,
  all: readonly AnyRoute[],
  from: () => string | undefined = () => undefined,
): Promise<Observation> {
  // A SCIM client may send attributes that nobody here knows (RFC 7643 §2.1): its resources are read by schemas of their own.
  const routes = all.filter(({ reads }) => reads !== 'scim')
  const loose = routes.flatMap(looseInputs)
  const takesBody = routes.filter(({ method }) => method !== 'GET')
  const open = takesBody.filter(
    ({ level, permission }) => level === 'none' && permission !== 'operator.local',
  )
  const closed = takesBody.filter((one) => !open.includes(one))
  const answers: ProbeReply[] = []
  const most = from() === undefined ? SAMPLE.fromOne : SAMPLE.fromMany
  for (const { method, path } of [...open.slice(0, most), ...closed.slice(0, most)]) {
    // Each route from an address of its own, so that none meets the limit that another used up.
    const localAddress = from()
    for (const body of MALFORMED) {
      const headers = { 'content-type': 'application/json' }
      const place = filledPath(path, () => 'probe')
      answers.push(await fetchHttp1(target, place, { method, body, headers, localAddress }))
    }
  }
  const refused = answers.filter(({ status }) => status >= 400 && status < 500 && status !== 429).length
  const strict = routes.filter((one) => looseInputs(one).length === 0).length
  const more = loose.length === 0 ? '' : ` Not strict: ${loose.slice(0, 5).join(', ')}.`
  const scim = all.length - routes.length
  const apart =
    scim === 0 ? '' : ` ${scim} more take SCIM resources, of which only what RFC 7643 names is read and kept.`
  return {
    result: loose.length === 0 && refused === answers.length && answers.length > 0 ? 'pass' : 'fail',
    saw: `${strict} of ${routes.length} routes name every field that they take; ${refused} of ${answers.length} malformed bodies were refused with a status from 400 to 499.${apart}${more}`,
    metrics: { routes: routes.length, strict, malformedSent: answers.length, refused },
    scope: { count: all.length, coverage: strict / Math.max(1, all.length), of: 'declared routes' },
  }
}

/** A route that takes anything. */
const carelessRoute = route({
  method: 'POST',
  path: '/api/careless',
  permission: 'public',
  level: 'none',
  event: { none: 'exists in a twin for the length of a check' },
  body: z.looseObject({}),
  handle: async () => ({ taken: true }),
}) as AnyRoute

const validation = control<GatewaySystem>({
  id: 'request-validation',
  clauses: ['4.3-a.3'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/gateway/route-checks.ts',
    'platform/gateway/request-body.ts',
    'platform/kernel/route.ts',
  ],
  looks: 'Reads the schema of every declared route and sends malformed bodies to a sample of them.',
  breaks: 'Runs the same gateway with one route that takes any field.',
  check: (system) => lookAtInput(runningTarget(system), publicRoutes(system), probeAddressHere),
  knownBad: (system) => {
    const routes = [carelessRoute, ...publicRoutes(system)]
    return withTwin(system, { routes }, (target) => lookAtInput(target, routes))
  },
})

/** One of each kind: a page, an API answer, refusals, and something that is no route. */
const LOGGED = ['/healthz', CANARY, '/api/none', '/none', '/a;b', '/console', '/console/none.js', '/readyz']

async function lookAtLog(
  target: ProbeTarget,
  counts: () => RequestCounts,
  settle: () => Promise<EventCounts>,
): Promise<Observation> {
  const before = counts()
  await Promise.all(LOGGED.map((path) => fetchHttp1(target, path)))
  // A line is written when the connection has taken the last byte, a moment after the client has it.
  for (let tries = 0; tries < 50 && counts().logged - before.logged < LOGGED.length; tries += 1)
    await wait(20)
  const after = counts()
  const answered = after.arrived - after.underWay
  const missing = answered - after.logged
  const sent = after.arrived - before.arrived >= LOGGED.length
  const events = await settle()
  return {
    result: missing === 0 && events.missing === 0 && sent ? 'pass' : 'fail',
    saw: `${after.logged} lines for ${answered} answered requests since the start, ${LOGGED.length} of them sent by this check; ${events.recorded} events for ${events.expected} changes.`,
    metrics: {
      answered,
      logged: after.logged,
      missing,
      eventsExpected: events.expected,
      eventsRecorded: events.recorded,
      eventsMissing: events.missing,
    },
    scope: {
      count: answered,
      coverage: answered === 0 ? 0 : after.logged / answered,
      of: 'answered requests',
    },
  }
}

const logging = control<GatewaySystem>({
  id: 'request-log-complete',
  clauses: ['4.3-a.4'],
  reads: [],
  everySeconds: 900,
  enforcedIn: [
    'platform/gateway/request-log.ts',
    'platform/gateway/edge.ts',
    'platform/gateway/completeness.ts',
  ],
  looks: 'Sends requests of every kind, and compares answers with log lines and changes with their events.',
  breaks: 'Loses every third line of a twin’s log and the event of one change: both must show.',
  check: (system) =>
    lookAtLog(
      runningTarget(system),
      system.gateway.requestCounts,
      async () => (await system.gateway.completeness()).events,
    ),
  knownBad: async (system) => {
    let line = 0
    const writeRequest = (): boolean => {
      line += 1
      return line % 3 !== 0
    }
    const lossy = openReconciliation(async (ids) => ids.slice(1))
    for (const requestId of ['first', 'second']) lossy.add({ requestId, route: 'POST /api/careless' })
    const seen = await withTwin(system, { writeRequest }, (target, twin) =>
      lookAtLog(target, twin.requestCounts, lossy.settle),
    )
    const both = Number(seen.metrics['missing']) > 0 && seen.metrics['eventsMissing'] === 1
    // A known-bad run that finds one of the two losses only has not shown that the other is found.
    return both ? seen : { ...seen, result: 'pass' }
  },
})

/** Chapter 4.3: interfaces are limited, checked and logged. */
export const apiControls = [rate, validation, logging] as const
