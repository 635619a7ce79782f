import { permissions, type Permission } from '../../kernel/permission.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'

const id = z.strictObject({ id: uuid })
const permission = z.enum(Object.keys(permissions) as [Permission, ...Permission[]])
const name = z.string().trim().min(1).max(60)
const role = z.strictObject({
  name,
  permissions: z.array(permission).min(1).max(100),
  jobFunctions: z.array(name).min(1).max(20),
})
const done = { done: true } as const

/** The roles editor: permissions in words, roles of the workspace, the work they are for, duties kept apart. Policy 3.2-a. */
export function roleRoutes(access: Access) {
  return [
    ...ownRoleRoutes(access),
    ...dutyRoutes(access),
    ...jobRoutes(access),
    ...explainRoutes(access),
  ] as const
}

function ownRoleRoutes({ roles }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/roles',
      permission: 'people.read',
      event: { none: 'reads which roles there are and who has them, as every member may know' },
      handle: async (request) => ({ roles: await roles.list(request), permissions: roles.permissions() }),
    }),
    route({
      method: 'POST',
      path: '/api/access/roles',
      permission: 'role.edit',
      event: 'role.made',
      fresh: true,
      body: role,
      handle: async (request) => ({ id: await roles.make(request, request.body) }),
    }),
    route({
      method: 'PUT',
      path: '/api/access/roles/:id',
      permission: 'role.edit',
      event: 'role.changed',
      fresh: true,
      params: id,
      body: role,
      handle: async (request) => {
        await roles.change(request, request.params.id, request.body)
        return done
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/access/roles/:id',
      permission: 'role.edit',
      event: 'role.removed',
      params: id,
      handle: async (request) => {
        await roles.remove(request, request.params.id)
        return done
      },
    }),
  ] as const
}

function dutyRoutes({ roles }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/duties',
      permission: 'people.read',
      event: { none: 'reads rules that bind every member' },
      handle: async (request) => ({ rules: await roles.duties(request) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/duties',
      permission: 'role.edit',
      event: 'duty-rule.made',
      fresh: true,
      body: z.strictObject({ name, permissions: z.tuple([permission, permission]) }),
      handle: async (request) => ({ id: await roles.makeDuty(request, request.body) }),
    }),
    route({
      method: 'DELETE',
      path: '/api/access/duties/:id',
      permission: 'role.edit',
      event: 'duty-rule.removed',
      fresh: true,
      params: id,
      handle: async (request) => {
        await roles.removeDuty(request, request.params.id)
        return done
      },
    }),
  ] as const
}

function jobRoutes({ roles }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/job-functions',
      permission: 'people.read',
      event: { none: 'reads which kinds of work there are' },
      handle: async (request) => ({ jobFunctions: await roles.jobs(request) }),
    }),
    route({
      method: 'PUT',
      path: '/api/access/job-functions',
      permission: 'role.edit',
      event: 'job-function.changed',
      body: z.strictObject({ name, roles: z.array(z.enum(['owner', 'admin', 'agent', 'auditor'])).max(4) }),
      handle: async (request) => {
        await roles.nameJob(request, request.body)
        return done
      },
    }),
    route({
      method: 'POST',
      path: '/api/access/job-functions/remove',
      permission: 'role.edit',
      event: 'job-function.changed',
      body: z.strictObject({ name }),
      handle: async (request) => {
        await roles.removeJob(request, request.body.name)
        return done
      },
    }),
  ] as const
}

function explainRoutes({ roles }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/explain',
      permission: 'self.account',
      event: { none: 'reads why the caller, or somebody whose role the caller may see, may do something' },
      query: z.strictObject({
        permission,
        account: uuid.optional(),
        key: uuid.optional(),
        client: uuid.optional(),
      }),
      handle: (request) => roles.explain(request, request.query),
    }),
    route({
      method: 'GET',
      path: '/api/access/unused-permissions',
      permission: 'review.read',
      event: { none: 'reads days of use, as a review shows them' },
      handle: async (request) => ({ members: await roles.unused(request) }),
    }),
    route({
      method: 'GET',
      path: '/api/people/:id/roles',
      permission: 'review.read',
      event: { none: 'reads who gave which role, as a review shows it' },
      params: id,
      handle: async (request) => ({ grants: await roles.history(request, request.params.id) }),
    }),
  ] as const
}
