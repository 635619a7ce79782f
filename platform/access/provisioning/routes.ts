import type { Access } from '../access.ts'
import { DAY } from '../../kernel/clock.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { SCIM_PATH, type ScimRequest } from './scim-server.ts'

const anyQuery = z.record(z.string(), z.string())
// What lies below is told apart by the SCIM service itself, which answers everything in the shape that RFC 7644 gives.
const below = z.looseObject({})
const id = z.strictObject({ id: uuid })
const days = z.int().min(1).max(365)
const label = z.string().trim().min(1).max(60)
const done = { done: true } as const

/** The SCIM 2.0 service (RFC 7642 to 7644, RFC 9865) of the workspace whose token is presented. Policy 3.2-c. */
export function scimRoutes({ directory }: Access) {
  const shared = {
    path: `${SCIM_PATH}/*`,
    permission: 'directory.provision',
    reads: 'scim',
    params: below,
    query: anyQuery,
  } as const
  const handle = (
    request: RequestContext & {
      readonly raw: Request
      readonly query: Record<string, string>
      readonly body: unknown
    },
  ): Promise<Response> => directory.scim(request, scimRequest(request))
  const event = 'directory.user-changed'
  return [
    route({
      ...shared,
      method: 'GET',
      event: { none: 'reads what the directory itself provisioned' },
      handle,
    }),
    route({ ...shared, method: 'POST', event, body: z.unknown(), handle }),
    route({ ...shared, method: 'PUT', event, body: z.unknown(), handle }),
    route({ ...shared, method: 'PATCH', event, body: z.unknown(), handle }),
    route({ ...shared, method: 'DELETE', event, body: z.unknown(), handle }),
  ] as const
}

function scimRequest({
  raw,
  query,
  body,
}: {
  readonly raw: Request
  readonly query: Record<string, string>
  readonly body: unknown
}): ScimRequest {
  return {
    method: raw.method,
    path: new URL(raw.url).pathname.slice(SCIM_PATH.length),
    query,
    body,
    ifMatch: raw.headers.get('if-match'),
    ifNoneMatch: raw.headers.get('if-none-match'),
  }
}

/** Tokens of directories, and which roles their groups give. */
export function directoryRoutes({ directory }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/directory',
      permission: 'people.edit',
      event: { none: 'reads which tokens and groups there are, never a token' },
      handle: (request) => directory.overview(request),
    }),
    route({
      method: 'POST',
      path: '/api/access/directory/tokens',
      permission: 'people.edit',
      fresh: true,
      event: 'directory-token.made',
      body: z.strictObject({ label, expiresInDays: days }),
      handle: (request) =>
        directory.makeToken(request, {
          workspace: workspaceOf(request),
          label: request.body.label,
          seconds: request.body.expiresInDays * DAY,
        }),
    }),
    route({
      method: 'POST',
      path: '/api/access/directory/tokens/:id/rotate',
      permission: 'people.edit',
      fresh: true,
      event: 'directory-token.rotated',
      params: id,
      body: z.strictObject({ expiresInDays: days }),
      handle: (request) =>
        directory.rotateToken(request, {
          workspace: workspaceOf(request),
          id: request.params.id,
          seconds: request.body.expiresInDays * DAY,
        }),
    }),
    route({
      method: 'POST',
      path: '/api/access/directory/tokens/:id/revoke',
      permission: 'people.edit',
      event: 'directory-token.revoked',
      params: id,
      handle: async (request) => ({ revoked: await directory.revokeToken(request, request.params.id) }),
    }),
  ] as const
}

/** Which role the members of a group of the directory are given. Policy 3.2-a. */
export function directoryGroupRoutes({ directory }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/access/directory/groups/:id/role',
      permission: 'people.edit',
      fresh: true,
      event: 'directory.group-role-set',
      params: id,
      body: z.strictObject({ role: z.union([z.enum(['admin', 'agent', 'auditor']), uuid]).nullable() }),
      handle: async (request) => {
        await directory.setGroupRole(request, request.params.id, request.body.role as WorkspaceRole | null)
        return done
      },
    }),
  ] as const
}

/** Personnel systems that tell who joins, moves and leaves. Policy 3.2-c. */
export function personnelRoutes({ directory }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/access/personnel',
      permission: 'people.edit',
      fresh: true,
      event: 'personnel.connected',
      body: z.strictObject({ label }),
      handle: (request) => directory.connectPersonnel(request, request.body.label),
    }),
    route({
      method: 'POST',
      path: '/api/access/personnel/:id/disconnect',
      permission: 'people.edit',
      event: 'personnel.disconnected',
      params: id,
      handle: async (request) => ({
        disconnected: await directory.disconnectPersonnel(request, request.params.id),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/access/hr/:id',
      // The signature over the body is the proof of who sends it.
      permission: 'public',
      level: 'none',
      reads: 'text',
      event: 'personnel.told',
      params: id,
      body: z.string(),
      handle: (request) =>
        directory.takeMessage(request, {
          connection: request.params.id,
          timestamp: request.raw.headers.get('surety-timestamp'),
          signature: request.raw.headers.get('surety-signature'),
          body: request.body,
        }),
    }),
  ] as const
}
