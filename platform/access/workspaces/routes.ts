import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'

/** A key of a sample workspace lives an hour. */
const SAMPLE_KEY_SECONDS = 60 * 60

/** Choosing a workspace, and what the protected service asks about them. */
export function workspaceRoutes({ workspaces }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/access/workspace',
      permission: 'workspace.switch',
      event: 'workspace.chosen',
      body: z.strictObject({ workspace: uuid }),
      handle: async (request) => {
        await workspaces.choose(request, request.body.workspace)
        return { workspace: request.body.workspace }
      },
    }),
    route({
      surface: 'service',
      method: 'GET',
      path: '/v1/tenants',
      permission: 'service.protected',
      event: { none: 'reads ids only' },
      handle: async () => ({ tenants: await workspaces.tenants() }),
    }),
  ] as const
}

/** Sample workspaces, made and removed from the machine itself. */
export function sampleRoutes({ workspaces, apiKeys }: Access) {
  return [
    route({
      surface: 'operator',
      method: 'POST',
      path: '/demo/workspace',
      permission: 'operator.local',
      event: 'workspace.made',
      handle: async (request) => {
        const { id, owner } = await workspaces.makeSample(request)
        const { key, expiresAt } = await apiKeys.make(request, {
          workspace: id,
          account: owner,
          label: 'Sample',
          scopes: [
            'conversation.read',
            'conversation.reply',
            'rule.read',
            'rule.edit',
            'channel.read',
            'channel.edit',
          ],
          seconds: SAMPLE_KEY_SECONDS,
        })
        return { id, key, expiresAt }
      },
    }),
    route({
      surface: 'operator',
      method: 'POST',
      path: '/demo/remove',
      permission: 'operator.local',
      event: 'workspace.removed',
      handle: async (request) => ({ removed: await workspaces.removeSamples(request) }),
    }),
  ] as const
}
