import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { RequestContext } from '../kernel/caller.ts'
import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import type { Ledger } from './ledger.ts'
import { ledgerState, waitingEvents } from './queries.ts'
import type { AuditReader } from './reading.ts'
import type { Audit } from './record.ts'
import { catalogueBody, declareServiceEvents, eventsBody, recordServiceEvents } from './service-events.ts'

/** What the routes of the audit log need. */
export interface AuditRouteParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly reader: AuditReader
  readonly ledger: Ledger
}

const listQuery = z.strictObject({
  type: z.string().max(80).optional(),
  kind: z.enum(['system', 'authentication', 'data', 'administration', 'security']).optional(),
  actor: z.string().max(200).optional(),
  before: z.coerce.number().int().positive().optional(),
  most: z.coerce.number().int().min(1).max(200).default(50),
})
const idParams = z.strictObject({ id: uuid })

/** The workspace whose log the caller may read. */
function ownTenant(who: RequestContext): string {
  if (who.caller.workspaceId === null) throw new Problem('access.denied', 'Choose a workspace first.')
  return who.caller.workspaceId
}

/** Routes for people: the log of their own workspace, and the provider's for its staff. */
export function auditRoutes({ reader, ledger }: AuditRouteParts) {
  const withProof = async (event: Awaited<ReturnType<AuditReader['one']>>) => ({
    event,
    verifierKey: ledger.verifierKey,
    // An event without an index was recorded moments ago; its proof follows.
    proof: event.ledgerIndex === null ? null : await ledger.proof(event.ledgerIndex).catch(() => null),
  })
  return [
    route({
      method: 'GET',
      path: '/api/audit/events',
      permission: 'audit.read',
      event: 'audit.read',
      query: listQuery,
      handle: async (request) => ({
        events: await reader.list(request, { ...request.query, tenant: ownTenant(request) }),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/audit/events/:id',
      permission: 'audit.read',
      event: 'audit.read',
      params: idParams,
      handle: async (request) => withProof(await reader.one(request, ownTenant(request), request.params.id)),
    }),
    route({
      method: 'GET',
      path: '/api/audit/provider-events',
      permission: 'platform.audit',
      event: 'audit.read',
      query: listQuery,
      handle: async (request) => ({ events: await reader.list(request, { ...request.query, tenant: null }) }),
    }),
    route({
      method: 'GET',
      path: '/api/audit/provider-events/:id',
      permission: 'platform.audit',
      event: 'audit.read',
      params: idParams,
      handle: async (request) => withProof(await reader.one(request, null, request.params.id)),
    }),
  ] as const
}

const tileParams = z.strictObject({ path: z.string().regex(/^[x\d/.p-]{1,80}$|^entries\/[x\d/.p-]{1,80}$/) })

/** The ledger itself, for anyone: C2SP tlog-tiles paths below `/ledger/`. */
export function ledgerRoutes({ ledger }: AuditRouteParts) {
  const file = async (path: string, type: string, seconds: number): Promise<Response> => {
    const bytes = await ledger.files.read(path)
    if (bytes === undefined) throw new Problem('resource.unknown', 'The ledger has no such file.')
    const headers = { 'content-type': type, 'cache-control': `public, max-age=${seconds}` }
    return new Response(new Uint8Array(bytes), { headers })
  }
  const open = {
    permission: 'public',
    level: 'none',
    event: { none: 'public, immutable data' },
    rate: 'page',
  } as const
  return [
    route({
      ...open,
      method: 'GET',
      path: '/ledger/checkpoint',
      handle: () => file('checkpoint', 'text/plain; charset=utf-8', 0),
    }),
    route({
      ...open,
      method: 'GET',
      path: '/ledger/vkey',
      handle: () =>
        Promise.resolve(
          new Response(`${ledger.verifierKey}\n`, {
            headers: { 'content-type': 'text/plain; charset=utf-8' },
          }),
        ),
    }),
    route({
      ...open,
      method: 'GET',
      path: '/ledger/tile/:path{.+}',
      params: tileParams,
      handle: ({ params }) => file(`tile/${params.path}`, 'application/octet-stream', 31_536_000),
    }),
  ] as const
}

/** Routes of the two sockets: events of the protected service, and the ledger for the command line. */
export function auditSocketRoutes({ db, clock, audit, ledger }: AuditRouteParts) {
  return [
    route({
      surface: 'service',
      method: 'POST',
      path: '/v1/events/catalogue',
      permission: 'service.protected',
      event: 'audit.catalogue',
      body: catalogueBody,
      handle: ({ body }) => declareServiceEvents(db, audit, body),
    }),
    route({
      surface: 'service',
      method: 'POST',
      path: '/v1/events',
      permission: 'service.protected',
      event: { none: 'the events themselves are recorded' },
      body: eventsBody,
      handle: ({ body }) => recordServiceEvents(db, audit, clock.now(), body),
    }),
    route({
      surface: 'operator',
      method: 'GET',
      path: '/ledger/head',
      permission: 'operator.local',
      event: { none: 'reads the public checkpoint' },
      handle: async () => {
        const { sequenced, published, published_at, checkpoint } = await ledgerState(db)
        const { count } = await waitingEvents(db)
        const publishedAt = published_at?.toISOString() ?? null
        return {
          sequenced,
          published,
          publishedAt,
          checkpoint,
          waiting: count,
          verifierKey: ledger.verifierKey,
        }
      },
    }),
  ] as const
}
