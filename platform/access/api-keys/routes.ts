import { DAY, HOUR } from '../../kernel/clock.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { OVERLAP_SECONDS_MAX, requireHeld } from './api-keys.ts'
import { workspaceOf } from '../people/people.ts'
import { KEY_SCOPES } from '../roles/roles.ts'

/** A key in the place of another one. */
function rotationRoutes(apiKeys: Access['apiKeys']) {
  return [
    route({
      method: 'POST',
      path: '/api/api-keys/:id/rotate',
      permission: 'api-key.edit',
      event: 'api-key.rotated',
      fresh: true,
      params: z.strictObject({ id: uuid }),
      body: z.strictObject({
        overlapHours: z
          .int()
          .min(0)
          .max(OVERLAP_SECONDS_MAX / HOUR),
        expiresInDays: z.int().min(1).max(365),
      }),
      handle: (request) => {
        const { overlapHours, expiresInDays } = request.body
        return apiKeys.rotate(request, {
          workspace: workspaceOf(request),
          id: request.params.id,
          overlapSeconds: overlapHours * HOUR,
          seconds: expiresInDays * DAY,
        })
      },
    }),
  ] as const
}

/** Keys that the caller made: whoever lost the right to keys can still see and end their own. */
function ownKeyRoutes(apiKeys: Access['apiKeys']) {
  return [
    route({
      method: 'GET',
      path: '/api/access/api-keys',
      permission: 'self.account',
      event: { none: 'reads the caller’s own keys, never a key itself' },
      handle: async (request) => ({ keys: await apiKeys.list(workspaceOf(request), request.caller.id) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/api-keys/:id/revoke',
      permission: 'self.account',
      event: 'api-key.revoked',
      params: z.strictObject({ id: uuid }),
      handle: async (request) => ({
        revoked: await apiKeys.revoke(request, request.params.id, request.caller.id),
      }),
    }),
  ] as const
}

/** API keys of the workspace. Policy 4.3-a.2. */
export function apiKeyRoutes({ apiKeys }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/api-keys',
      permission: 'api-key.read',
      event: { none: 'reads what keys there are, never a key' },
      handle: async (request) => ({ keys: await apiKeys.list(workspaceOf(request)), scopes: KEY_SCOPES }),
    }),
    route({
      method: 'POST',
      path: '/api/api-keys',
      permission: 'api-key.edit',
      event: 'api-key.made',
      fresh: true,
      body: z.strictObject({
        label: z.string().trim().min(1).max(60),
        scopes: z.array(z.enum(KEY_SCOPES)).min(1).max(KEY_SCOPES.length),
        expiresInDays: z.int().min(1).max(365),
      }),
      handle: (request) => {
        const { label, scopes, expiresInDays } = request.body
        const { id: account } = request.caller
        requireHeld(request, scopes)
        const workspace = workspaceOf(request)
        return apiKeys.make(request, { workspace, account, label, scopes, seconds: expiresInDays * DAY })
      },
    }),
    route({
      method: 'POST',
      path: '/api/api-keys/:id/revoke',
      permission: 'api-key.edit',
      event: 'api-key.revoked',
      params: z.strictObject({ id: uuid }),
      handle: async (request) => ({ revoked: await apiKeys.revoke(request, request.params.id) }),
    }),
    ...rotationRoutes(apiKeys),
    ...ownKeyRoutes(apiKeys),
  ] as const
}
