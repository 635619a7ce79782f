import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { emailSchema } from '../accounts/email.ts'
import { noSessionCookie, replyWithCookies, sessionCookie } from '../sessions/cookies.ts'
import { passwordSchema } from '../sign-in/fields.ts'

const open = { method: 'POST', permission: 'self.sign-in', level: 'none', rate: 'sign-in' } as const
const reset = { permission: 'account.reset', fresh: true, rate: 'sign-in' } as const
const token = z.strictObject({ token: z.string().min(20).max(100) })
const id = z.strictObject({ id: uuid })
const done = { done: true } as const

/** Getting back in, and resets of second factors. Policy 3.1-0. */
export function recoveryAccessRoutes(access: Pick<Access, 'recovery' | 'resets'>) {
  return [
    ...recoveryRoutes(access),
    ...linkRoutes(access),
    ...ownResetRoutes(access),
    ...resetRoutes(access),
  ] as const
}

function recoveryRoutes({ recovery }: Pick<Access, 'recovery'>) {
  return [
    route({
      ...open,
      path: '/api/access/recovery',
      event: 'recovery.asked',
      body: z.strictObject({ email: emailSchema }),
      handle: async (request) => {
        await recovery.ask(request, request.body.email)
        return { asked: true } as const
      },
    }),
    route({
      ...open,
      path: '/api/access/recovery/open',
      event: 'link.redeemed',
      body: token,
      handle: async (request): Promise<{ readonly level: 'password' } | Response> => {
        const begun = await recovery.open(request, request.body.token)
        return replyWithCookies({ level: 'password' }, [sessionCookie(begun.token)])
      },
    }),
    route({
      ...open,
      path: '/api/access/recovery/password',
      level: 'renewing',
      event: 'password.recovered',
      body: z.strictObject({ next: passwordSchema }),
      handle: async (request): Promise<{ readonly level: 'none' } | Response> => {
        await recovery.setPassword(request, request.body.next)
        return replyWithCookies({ level: 'none' }, [noSessionCookie()])
      },
    }),
  ] as const
}

function linkRoutes({ recovery, resets }: Pick<Access, 'recovery' | 'resets'>) {
  return [
    route({
      ...open,
      path: '/api/access/recovery/link',
      event: { none: 'tells what a link is for; one that is no good is recorded as refused' },
      body: token,
      handle: async (request) => ({ kind: await recovery.linkKind(request, request.body.token) }),
    }),
    route({
      ...open,
      path: '/api/access/recovery/unlock',
      event: 'account.unlocked',
      body: token,
      handle: async (request) => {
        await recovery.unlock(request, request.body.token)
        return done
      },
    }),
    route({
      ...open,
      path: '/api/access/recovery/enrol',
      level: 'enrolling',
      event: 'link.redeemed',
      body: token,
      handle: async (request) => {
        await recovery.openEnrolment(request, request.body.token)
        return done
      },
    }),
    route({
      ...open,
      path: '/api/access/resets/stop',
      event: 'reset.cancelled',
      body: token,
      handle: async (request) => {
        await resets.cancelByLink(request, request.body.token)
        return done
      },
    }),
  ] as const
}

function ownResetRoutes({ resets }: Pick<Access, 'resets'>) {
  return [
    route({
      method: 'GET',
      path: '/api/access/resets/own',
      permission: 'self.account',
      event: { none: 'reads only what is under way for the caller' },
      handle: async (request) => ({ reset: await resets.own(request) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/resets/own/cancel',
      permission: 'self.account',
      event: 'reset.cancelled',
      handle: async (request) => {
        await resets.cancelOwn(request)
        return done
      },
    }),
  ] as const
}

function resetRoutes({ resets }: Pick<Access, 'resets'>) {
  return [
    route({
      method: 'GET',
      path: '/api/access/resets',
      permission: 'account.reset',
      event: { none: 'reads what is under way' },
      handle: async () => ({ resets: await resets.list() }),
    }),
    route({
      ...reset,
      method: 'POST',
      path: '/api/access/resets',
      event: 'reset.requested',
      body: z.strictObject({ email: emailSchema, reason: z.string().trim().min(10).max(500) }),
      handle: (request) => resets.request(request, request.body),
    }),
    route({
      ...reset,
      method: 'POST',
      path: '/api/access/resets/:id/approve',
      event: 'reset.approved',
      params: id,
      handle: (request) => resets.approve(request, request.params.id),
    }),
    route({
      ...reset,
      method: 'POST',
      path: '/api/access/resets/:id/cancel',
      event: 'reset.cancelled',
      params: id,
      handle: async (request) => {
        await resets.cancel(request, request.params.id)
        return done
      },
    }),
  ] as const
}
