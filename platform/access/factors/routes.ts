import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { codeSchema, labelSchema, passwordSchema, totpSchema } from '../sign-in/fields.ts'

const own = { permission: 'self.account' } as const
const done = { done: true } as const

/** The caller’s own second factors; every change needs a fresh factor or a code. Policy 3.1-a. */
export function factorRoutes({ factors }: Access) {
  return [
    route({
      ...own,
      method: 'GET',
      path: '/api/access/factors',
      event: { none: 'reads only the caller’s own factors' },
      handle: (request) => factors.list(request),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/factors',
      event: 'sign-in.code-tried',
      rate: 'sign-in',
      body: z.strictObject({ label: labelSchema, code: codeSchema.optional() }),
      handle: (request) => factors.add(request, request.body),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/factors/confirm',
      event: 'factor.confirmed',
      rate: 'sign-in',
      body: z.strictObject({ factorId: uuid, code: totpSchema }),
      handle: async (request) => {
        await factors.confirmAdded(request, request.body)
        return done
      },
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/factors/:id/remove',
      event: 'factor.removed',
      rate: 'sign-in',
      params: z.strictObject({ id: uuid }),
      body: z.strictObject({ code: codeSchema.optional() }),
      handle: async (request) => {
        await factors.remove(request, { id: request.params.id, code: request.body.code })
        return done
      },
    }),
  ] as const
}

/** What a person sees and says of their own account without proving anything anew. */
export function activityRoutes({ factors }: Access) {
  return [
    route({
      ...own,
      method: 'GET',
      path: '/api/access/activity',
      event: { none: 'reads only what happened to the caller’s own account' },
      handle: async (request) => ({ events: await factors.activity(request) }),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/factors/:id/rename',
      event: 'factor.renamed',
      params: z.strictObject({ id: uuid }),
      body: z.strictObject({ label: labelSchema }),
      handle: async (request) => {
        await factors.rename(request, { id: request.params.id, label: request.body.label })
        return done
      },
    }),
  ] as const
}

/** New recovery codes and another password; both need a fresh factor or a code. Policy 3.3-a. */
export function secretRoutes({ factors, changePassword }: Access) {
  return [
    route({
      ...own,
      method: 'POST',
      path: '/api/access/recovery-codes',
      event: 'recovery-codes.made',
      rate: 'sign-in',
      body: z.strictObject({ code: codeSchema.optional() }),
      handle: async (request) => ({
        recoveryCodes: await factors.newRecoveryCodes(request, request.body.code),
      }),
    }),
    route({
      ...own,
      method: 'POST',
      path: '/api/access/password',
      event: 'password.changed',
      rate: 'sign-in',
      body: z.strictObject({ current: passwordSchema, next: passwordSchema, code: codeSchema.optional() }),
      handle: async (request) => {
        await changePassword(request, request.body)
        return done
      },
    }),
  ] as const
}
