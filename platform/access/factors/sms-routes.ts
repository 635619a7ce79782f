import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { deviceCookie, deviceToken, replyWithCookies, sessionCookie } from '../sessions/cookies.ts'
import { totpSchema } from '../sign-in/fields.ts'

const signing = { method: 'POST', permission: 'self.sign-in', rate: 'sign-in' } as const

/** How far the session reaches after a code. */
interface SmsReply {
  readonly level: 'password' | 'enrolling' | 'full'
}

/** Codes by text message: setting up a number, and proving it at sign-in and step-up. Policy 3.1-b. */
export function smsRoutes(access: Pick<Access, 'sms' | 'factors'>) {
  return [...numberRoutes(access), ...codeRoutes(access)] as const
}

function numberRoutes({ sms, factors }: Pick<Access, 'sms' | 'factors'>) {
  return [
    route({
      method: 'GET',
      path: '/api/access/sms',
      permission: 'self.account',
      event: { none: 'reads only the caller’s own numbers, without most digits' },
      handle: async (request) => ({ numbers: await sms.list(request) }),
    }),
    route({
      ...signing,
      path: '/api/access/sms',
      level: 'enrolling',
      event: 'sms.sent',
      body: z.strictObject({ number: z.string().trim().min(6).max(32) }),
      handle: (request) => sms.start(request, request.body.number),
    }),
    route({
      ...signing,
      path: '/api/access/sms/confirm',
      level: 'enrolling',
      event: 'factor.confirmed',
      body: z.strictObject({ factorId: uuid, code: totpSchema }),
      handle: async (
        request,
      ): Promise<(SmsReply & { readonly recoveryCodes: readonly string[] }) | Response> => {
        const device = deviceToken(request.raw)
        const enrolled = await sms.confirm(request, { ...request.body, device })
        if (enrolled === null) return { level: 'full', recoveryCodes: [] }
        return replyWithCookies({ level: enrolled.level, recoveryCodes: enrolled.recoveryCodes }, [
          sessionCookie(enrolled.token),
          deviceCookie(enrolled.device),
        ])
      },
    }),
    route({
      ...signing,
      path: '/api/access/sms/remove',
      permission: 'self.account',
      level: 'full',
      fresh: true,
      event: 'factor.removed',
      body: z.strictObject({ factorId: uuid }),
      handle: async (request) => {
        await factors.remove(request, { id: request.body.factorId })
        return { done: true } as const
      },
    }),
  ] as const
}

function codeRoutes({ sms }: Pick<Access, 'sms'>) {
  return [
    route({
      ...signing,
      path: '/api/access/sms/send',
      level: 'password',
      event: 'sms.sent',
      handle: async (request) => {
        await sms.send(request)
        return { asked: true } as const
      },
    }),
    route({
      ...signing,
      path: '/api/access/sms/verify',
      level: 'password',
      event: 'sign-in.code-tried',
      body: z.strictObject({ code: totpSchema }),
      handle: async (request): Promise<SmsReply | Response> => {
        const { code } = request.body
        const { token, level, device } =
          request.caller.level === 'full'
            ? await sms.stepUp(request, code)
            : await sms.signIn(request, { code, device: deviceToken(request.raw) })
        const cookies = [sessionCookie(token), ...(device === null ? [] : [deviceCookie(device)])]
        return replyWithCookies({ level } satisfies SmsReply, cookies)
      },
    }),
  ] as const
}
