import type { Access } from '../access.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import { workspaceOf } from '../people/workspace-of.ts'

const id = z.strictObject({ id: uuid })
const termination = z.strictObject({ successor: uuid.optional() })

/** Who left, how quickly everything of theirs ended, and ending it by hand. Policy 3.2-c. */
export function leaverRoutes({ leavers }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/leavers',
      permission: 'people.edit',
      event: { none: 'reads who left the workspace and how quickly; the departure itself is recorded' },
      handle: async (request) => ({
        report: await leavers.report(workspaceOf(request)),
        leavers: await leavers.list(workspaceOf(request)),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/access/leavers/all',
      permission: 'platform.people',
      event: { none: 'reads who left and how quickly; the departure itself is recorded' },
      handle: async () => ({ report: await leavers.report(null), leavers: await leavers.list(null) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/people/:id/terminate',
      permission: 'people.edit',
      fresh: true,
      event: 'leaver.denied',
      params: id,
      body: termination,
      handle: (request) => leavers.terminate(request, request.params.id, request.body.successor),
    }),
    route({
      method: 'POST',
      path: '/api/access/people/:id/reinstate',
      permission: 'people.edit',
      fresh: true,
      event: 'leaver.reinstated',
      params: id,
      handle: async (request) => ({ reinstated: await leavers.letBack(request, request.params.id) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/staff/:id/terminate',
      permission: 'platform.people',
      fresh: true,
      event: 'leaver.denied',
      params: id,
      body: termination,
      handle: (request) => leavers.terminateStaff(request, request.params.id, request.body.successor),
    }),
  ] as const
}
