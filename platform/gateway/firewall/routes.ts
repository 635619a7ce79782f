import { WafError } from '#waf'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { AuditLog } from './audit-log.ts'
import type { Blocks } from './blocks.ts'
import { dryRun, type Place } from './dry-run.ts'
import type { ChangedBy, OpenFirewall } from './open-firewall.ts'
import { propose } from './propose.ts'
import { besides, type Steps } from './in-steps.ts'
import { listBlocks } from './queries.ts'
import { rebuild } from './rebuild.ts'
import { firewallState } from './state.ts'
import type { Traffic } from './traffic.ts'

/** What the firewall's routes work with. */
export interface FirewallRouteParts {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly firewall: OpenFirewall
  readonly traffic: Traffic
  readonly blocks: Blocks
  readonly auditLog: Pick<AuditLog, 'lost'>
}

const PAGE_MAX = 200
const DRY_RUN_MAX = 500
/** Each judges hundreds of requests. */
const TRIALS_PER_MINUTE = 20

const blockFilter = z.strictObject({
  rule: z.coerce.number().int().min(1).max(999_999_999).optional(),
  route: z.string().max(200).optional(),
  outcome: z.enum(['blocked', 'would-block']).optional(),
  since: z.iso.datetime().optional(),
  /** Where the page before ended, as it said. */
  cursor: z
    .string()
    .regex(/^\d{1,15}\.[0-9a-f-]{36}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(50),
})

const requestId = z.strictObject({ requestId: z.uuid() })

const ruleRange = z
  .strictObject({
    from: z.number().int().min(1).max(999_999_999),
    to: z.number().int().min(1).max(999_999_999),
  })
  .refine(({ from, to }) => from <= to, 'a range goes upwards')
const exclusion = z
  .strictObject({
    rules: z.array(ruleRange).max(50),
    tags: z.array(z.string().min(1).max(200)).max(20),
    targets: z.array(z.string().min(1).max(200)).max(20),
  })
  .refine(({ rules, tags }) => rules.length + tags.length > 0, 'names at least one rule or tag')
const path = z
  .string()
  .regex(/^\/[^\s?#]*$/)
  .max(500)
const trial = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
  path,
  exclusion,
  since: z.iso.datetime(),
})

const changing = { permission: 'gateway.change', event: 'firewall.changed' } as const
const reading = { permission: 'gateway.read' } as const

/** Traffic, refusals with their explanation, the state of the rules, and trying an exclusion out before it is written. */
export function firewallRoutes(parts: FirewallRouteParts) {
  return [
    ...readRoutes(parts),
    ...trialRoutes(parts),
    ...changeRoutes(parts),
    ...operatorRoutes(parts),
  ] as const
}

function readRoutes(parts: FirewallRouteParts) {
  const { db, firewall, traffic, blocks, policy, clock, auditLog } = parts
  return [
    route({
      ...reading,
      method: 'GET',
      path: '/api/gateway/traffic',
      event: { none: 'shows counts' },
      handle: async () => ({
        guards: firewall.rules() !== null,
        minutes: traffic.minutes(),
        recent: traffic.recent(),
        rules: traffic.rules(),
        lost: { auditLines: auditLog.lost(), refusals: blocks.lost() },
      }),
    }),
    route({
      ...reading,
      method: 'GET',
      path: '/api/gateway/firewall',
      event: { none: 'shows rules and values' },
      handle: async () => firewallState(firewall, policy, clock),
    }),
    route({
      ...reading,
      method: 'GET',
      path: '/api/gateway/blocks',
      event: { none: 'lists refusals without their content' },
      query: blockFilter,
      handle: async ({ query }) => pageOf(db, query),
    }),
    route({
      ...reading,
      method: 'GET',
      path: '/api/gateway/blocks/:requestId',
      event: { none: 'explains a refusal by sanitised excerpts' },
      params: requestId,
      handle: async ({ params }) => explained(parts, params.requestId),
    }),
  ] as const
}

async function pageOf(db: Database, query: z.output<typeof blockFilter>) {
  const { cursor, since, limit, ...filter } = query
  const [at = '', id = ''] = cursor?.split('.') ?? []
  const rows = await listBlocks(db, {
    ...filter,
    most: limit,
    since: since === undefined ? undefined : new Date(since),
    before: cursor === undefined ? undefined : { at: new Date(Number(at)), id },
  })
  const last = rows.length === limit ? rows.at(-1) : undefined
  return {
    blocks: rows.map((row) => ({ ...row, at: row.at.toISOString() })),
    next: last === undefined ? null : `${last.at.getTime()}.${last.id}`,
  }
}

async function explained({ blocks, firewall }: FirewallRouteParts, id: string) {
  const found = await blocks.find(id)
  if (found === null)
    throw new Problem(
      'resource.unknown',
      'The firewall refused no request with this id in the last thirty days.',
    )
  const base = firewall.rules()?.base
  return {
    ...found.entry,
    ip: found.ip,
    /** What the rules in use say of themselves; null for one that is not among them any more. */
    rules: found.entry.matches.map(({ rule }) => base?.describe(rule) ?? null),
  }
}

function trialRoutes(parts: FirewallRouteParts) {
  const { blocks, clock } = parts
  return [
    route({
      ...reading,
      method: 'POST',
      path: '/api/gateway/exclusions/dry-run',
      perMinute: TRIALS_PER_MINUTE,
      event: { none: 'tries an exclusion on stored refusals and changes nothing' },
      body: trial,
      handle: async ({ body }) => {
        const stored = await blocks.newest(new Date(body.since), DRY_RUN_MAX)
        const here = stored.filter(
          ({ entry }) => entry.method === body.method && isAt(entry.target, body.path),
        )
        const requests = here.map(({ entry }) => rebuild(entry))
        return tried(dryRun(placeOf(parts, body.method, body.path), [body.exclusion], requests, clock.now()))
      },
    }),
    route({
      ...reading,
      method: 'POST',
      path: '/api/gateway/exclusions/propose',
      perMinute: TRIALS_PER_MINUTE,
      event: { none: 'works out exclusions for stored refusals and changes nothing' },
      body: z.strictObject({ requestId: z.uuid() }),
      handle: async ({ body }) => {
        const found = await blocks.find(body.requestId)
        if (found === null) throw new Problem('resource.unknown', 'There is no refusal with this id.')
        const request = rebuild(found.entry)
        const at = request.target.split('?')[0] ?? '/'
        return {
          path: at,
          method: request.method,
          ...(await tried(propose(placeOf(parts, request.method, at), [request], clock.now()))),
        }
      },
    }),
  ] as const
}

/** Does the work beside everything else; refuses an exclusion that the engine does not take. */
async function tried<Outcome>(work: Steps<Outcome>): Promise<Outcome> {
  try {
    return await besides(work)
  } catch (error) {
    if (!(error instanceof WafError)) throw error
    throw new Problem('request.invalid', `The exclusion cannot be used: ${error.message}`, { cause: error })
  }
}

function isAt(target: string, wanted: string): boolean {
  return target.split('?')[0] === wanted
}

function placeOf({ firewall }: FirewallRouteParts, method: string, at: string): Place {
  const base = firewall.rules()?.base
  const effective = firewall.effective(method, at)
  if (base === undefined || effective === null) throw new Problem('firewall.unusable', 'No rules are loaded.')
  return { path: at, base, effective }
}

function changeRoutes(parts: FirewallRouteParts) {
  const { firewall, policy, clock } = parts
  return [
    route({
      ...changing,
      method: 'POST',
      path: '/api/gateway/firewall/reload',
      handle: async (context) => {
        await firewall.refresh(changedBy(context))
        return firewallState(firewall, policy, clock)
      },
    }),
    route({
      ...changing,
      method: 'POST',
      path: '/api/gateway/firewall/update',
      handle: async (context) => {
        await firewall.update(null, changedBy(context))
        return firewallState(firewall, policy, clock)
      },
    }),
  ] as const
}

/** Every request that asks for a look leaves its event. */
function changedBy({ caller, requestId }: RequestContext): ChangedBy {
  return {
    actor: { kind: caller.kind, id: caller.id },
    request: { id: requestId, ip: caller.ip, userAgent: caller.userAgent },
  }
}

function operatorRoutes({ firewall, policy, clock }: FirewallRouteParts) {
  const operator = { surface: 'operator', permission: 'operator.local' } as const
  return [
    route({
      ...operator,
      method: 'GET',
      path: '/firewall',
      event: { none: 'shows rules and values' },
      handle: async () => firewallState(firewall, policy, clock),
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/firewall/reload',
      event: 'firewall.changed',
      handle: async (context) => {
        await firewall.refresh(changedBy(context))
        return firewallState(firewall, policy, clock)
      },
    }),
    route({
      ...operator,
      method: 'POST',
      path: '/firewall/update',
      event: 'firewall.changed',
      body: z.strictObject({ from: z.string().min(1).max(1000).optional() }),
      handle: async (context) => {
        await firewall.update(context.body.from ?? null, changedBy(context))
        return firewallState(firewall, policy, clock)
      },
    }),
  ] as const
}
