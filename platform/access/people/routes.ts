import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { emailSchema } from '../accounts/email.ts'

const id = z.strictObject({ id: z.uuid() })
const workspaceRole = z.enum(['owner', 'admin', 'agent', 'auditor'])
const staffRole = z.enum(['administrator', 'security-officer', 'staff-auditor'])
const done = { done: true } as const

/** People of the workspace and their roles. Policy 3.2-0. */
export function peopleRoutes({ people }: Access) {
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
      body: z.strictObject({ role: workspaceRole }),
      handle: async (request) => {
        await people.changeRole(request, request.params.id, request.body.role)
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
      body: z.strictObject({ email: emailSchema, role: workspaceRole }),
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
      body: z.strictObject({ role: staffRole.nullable() }),
      handle: async (request) => {
        await people.changeStaffRole(request, request.params.id, request.body.role)
        return done
      },
    }),
  ] as const
}
