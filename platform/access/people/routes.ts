import type { OwnRoleId } from '../../kernel/permission.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { emailSchema } from '../accounts/email.ts'

const id = z.strictObject({ id: uuid })
/** A role that every workspace has, or the id of one of its own. */
const workspaceRole = z.union([
  z.enum(['owner', 'admin', 'agent', 'auditor']),
  uuid.transform((given) => given as OwnRoleId),
])
const jobFunction = z.string().trim().min(1).max(60)
/** Why somebody has a role outside the map of jobs, and until when. */
const exception = z.strictObject({
  reason: z.string().trim().min(10).max(500),
  until: z.iso.datetime().transform((given) => new Date(given)),
})
const staffRole = z.enum(['administrator', 'security-officer', 'staff-auditor'])
const done = { done: true } as const

/** People of the workspace and their roles. Policy 3.2-0. */
export function peopleRoutes(access: Access) {
  return [...roleRoutes(access), ...memberRoutes(access), ...partingRoutes(access)] as const
}

function roleRoutes({ people }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/people',
      permission: 'people.read',
      event: { none: 'reads names and roles that every member may know' },
      handle: (request) => people.list(request),
    }),
    route({
      method: 'POST',
      path: '/api/people/:id/role',
      permission: 'people.edit',
      event: 'member.role-changed',
      params: id,
      body: z.strictObject({
        role: workspaceRole,
        jobFunction: jobFunction.optional(),
        exception: exception.optional(),
        reason: z.string().trim().max(500).optional(),
      }),
      handle: async (request) => {
        await people.changeRole(request, request.params.id, request.body)
        return done
      },
    }),
    route({
      method: 'POST',
      path: '/api/people/:id/job',
      permission: 'people.edit',
      event: 'member.job-changed',
      params: id,
      body: z.strictObject({ jobFunction }),
      handle: async (request) => {
        await people.changeJob(request, request.params.id, request.body.jobFunction)
        return done
      },
    }),
  ] as const
}

function memberRoutes({ people }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/people/:id/suspend',
      permission: 'people.edit',
      event: 'member.suspended',
      params: id,
      handle: async (request) => {
        await people.suspend(request, request.params.id)
        return done
      },
    }),
    route({
      method: 'POST',
      path: '/api/people/:id/resume',
      permission: 'people.edit',
      event: 'member.resumed',
      params: id,
      handle: async (request) => {
        await people.resume(request, request.params.id)
        return done
      },
    }),
    route({
      method: 'POST',
      path: '/api/people/:id/end-sessions',
      permission: 'people.edit',
      event: 'member.signed-out',
      params: id,
      handle: async (request) => ({ ended: await people.endSessions(request, request.params.id) }),
    }),
    route({
      method: 'POST',
      path: '/api/people/end-sessions',
      permission: 'people.edit',
      event: 'workspace.signed-out',
      fresh: true,
      handle: (request) => people.endOtherSessions(request),
    }),
  ] as const
}

function partingRoutes({ people }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/people/:id/hand-over',
      permission: 'people.edit',
      event: 'workspace.handed-over',
      fresh: true,
      params: id,
      handle: async (request) => {
        await people.handOver(request, request.params.id)
        return done
      },
    }),
    route({
      method: 'POST',
      path: '/api/people/:id/remove',
      permission: 'people.edit',
      event: 'member.removed',
      params: id,
      handle: async (request) => {
        await people.remove(request, request.params.id)
        return done
      },
    }),
  ] as const
}

/** One-time links: invitations and the first administrator's. */
export function linkRoutes({ people, accept, firstLink }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/people/invitations',
      permission: 'people.edit',
      event: 'link.made',
      body: z.strictObject({ email: emailSchema, role: workspaceRole, jobFunction: jobFunction.optional() }),
      handle: async (request) => {
        const { id, link, expiresAt } = await people.invite(request, request.body)
        return { id, link, expiresAt }
      },
    }),
    route({
      method: 'POST',
      path: '/api/people/invitations/:id/withdraw',
      permission: 'people.edit',
      event: 'link.withdrawn',
      params: id,
      handle: async (request) => {
        await people.withdrawInvitation(request, request.params.id)
        return done
      },
    }),
    route({
      method: 'POST',
      path: '/api/access/accept',
      permission: 'self.account',
      event: 'link.redeemed',
      rate: 'sign-in',
      body: z.strictObject({ token: z.string().min(20).max(100) }),
      handle: async (request) => ({ workspace: await accept(request, request.body.token) }),
    }),
    route({
      surface: 'operator',
      method: 'POST',
      path: '/first-link',
      permission: 'operator.local',
      event: 'link.made',
      handle: async (request) => {
        const made = await firstLink(request)
        return { link: made?.link ?? null, expiresAt: made?.expiresAt ?? null }
      },
    }),
  ] as const
}

/** The provider's staff. Policy 3.2-0. */
export function staffRoutes({ people }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/people/staff',
      permission: 'platform.staff',
      event: { none: 'reads names and roles of colleagues' },
      handle: async () => ({ staff: await people.listStaff() }),
    }),
    route({
      method: 'POST',
      path: '/api/people/staff/:id',
      permission: 'platform.people',
      event: 'staff.role-changed',
      params: id,
      body: z.strictObject({ role: staffRole.nullable(), jobFunction: jobFunction.optional() }),
      handle: async (request) => {
        const { role, jobFunction: job } = request.body
        await people.changeStaffRole(request, request.params.id, role, job)
        return done
      },
    }),
  ] as const
}
