import { SENSITIVE } from '../../kernel/permission.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { workspaceOf } from '../people/people.ts'

const id = z.strictObject({ id: uuid })
const words = z.string().trim().min(10).max(500)
const wish = {
  permissions: z.array(z.enum(SENSITIVE)).min(1).max(SENSITIVE.length),
  reason: words,
  workspace: uuid.nullable().default(null),
}
const done = { done: true } as const
const own = { permission: 'self.account' } as const

/** Sensitive permissions for a limited time. Policy 3.2-d. */
export function elevationRoutes({ elevations }: Access) {
  return [
    route({
      ...own,
      method: 'GET',
      path: '/api/access/elevations',
      event: { none: 'reads what the caller asked for and may decide' },
      handle: (request) => elevations.list(request),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/elevations',
      event: 'elevation.requested',
      body: z.strictObject({ ...wish, minutes: z.int().min(1).max(720) }),
      handle: (request) => elevations.request(request, request.body),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/elevations/break-glass',
      fresh: true,
      event: 'elevation.break-glass',
      body: z.strictObject(wish),
      handle: (request) => elevations.breakGlass(request, request.body),
    }),
  ] as const
}

/** Decisions about elevations of others, and their end. Policy 3.2-d. */
export function elevationDecisionRoutes({ elevations }: Access) {
  return [
    route({
      ...own,
      method: 'POST',
      path: '/api/access/elevations/:id/approve',
      fresh: true,
      event: 'elevation.approved',
      params: id,
      body: z.strictObject({ note: words.nullable().default(null) }),
      handle: (request) => elevations.approve(request, request.params.id, request.body.note),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/elevations/:id/deny',
      event: 'elevation.denied',
      params: id,
      body: z.strictObject({ reason: words }),
      handle: async (request) => {
        await elevations.deny(request, request.params.id, request.body.reason)
        return done
      },
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/elevations/:id/end',
      event: 'elevation.ended',
      params: id,
      handle: async (request) => {
        await elevations.end(request, request.params.id)
        return done
      },
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/elevations/:id/review',
      event: 'elevation.reviewed',
      params: id,
      body: z.strictObject({ note: words }),
      handle: async (request) => {
        await elevations.review(request, request.params.id, request.body.note)
        return done
      },
    }),
  ] as const
}

/** Whether the provider's support may be let into the caller's workspace at all. Policy 3.2-d. */
export function supportRoutes({ elevations }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/support',
      permission: 'people.read',
      event: { none: 'reads a setting of the workspace' },
      handle: async (request) => ({ allowed: await elevations.supportAccess(workspaceOf(request)) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/support',
      permission: 'workspace.support',
      event: 'support.access-set',
      body: z.strictObject({ allowed: z.boolean() }),
      handle: async (request) => {
        await elevations.chooseSupportAccess(request, workspaceOf(request), request.body.allowed)
        return { allowed: request.body.allowed }
      },
    }),
  ] as const
}
