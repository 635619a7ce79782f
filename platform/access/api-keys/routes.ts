import { DAY } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { workspaceOf } from '../people/people.ts'
import { KEY_SCOPES } from '../roles/roles.ts'

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
      body: z.strictObject({
        label: z.string().trim().min(1).max(60),
        scopes: z.array(z.enum(KEY_SCOPES)).min(1).max(KEY_SCOPES.length),
        expiresInDays: z.int().min(1).max(365),
      }),
      handle: (request) => {
        const { label, scopes, expiresInDays } = request.body
        const { id: account, permissions } = request.caller
        const missing = scopes.filter((scope) => !permissions.has(scope))
        if (missing.length > 0)
          throw new Problem('access.denied', `You do not hold ${missing.join(', ')} yourself.`)
        const workspace = workspaceOf(request)
        return apiKeys.make(request, { workspace, account, label, scopes, seconds: expiresInDays * DAY })
      },
    }),
    route({
      method: 'POST',
      path: '/api/api-keys/:id/revoke',
      permission: 'api-key.edit',
      event: 'api-key.revoked',
      params: z.strictObject({ id: z.uuid() }),
      handle: async (request) => ({ revoked: await apiKeys.revoke(request, request.params.id) }),
    }),
  ] as const
}
