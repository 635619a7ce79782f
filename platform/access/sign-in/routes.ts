import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { emailSchema } from '../accounts/email.ts'
import {
  deviceCookie,
  deviceToken,
  noSessionCookie,
  replyWithCookies,
  sessionCookie,
} from '../sessions/cookies.ts'
import { labelSchema, nameSchema, passwordSchema, totpSchema } from './fields.ts'
import type { SignedIn } from './sign-in.ts'

/** How far the session reaches now. */
export interface LevelReply {
  readonly level: SignedIn['level']
}

function signedIn({ token, level, device }: SignedIn): Response {
  const cookies = [sessionCookie(token), ...(device === null ? [] : [deviceCookie(device)])]
  return replyWithCookies({ level } satisfies LevelReply, cookies)
}

const signing = { method: 'POST', permission: 'self.sign-in', rate: 'sign-in' } as const

/** Signing in, step by step. Policy 3.1-0. */
export function signInRoutes({ signIn, signOut }: Access) {
  return [
    route({
      ...signing,
      path: '/api/access/sign-in',
      level: 'none',
      event: 'sign-in.password-tried',
      body: z.strictObject({ email: emailSchema, password: passwordSchema }),
      handle: async (request): Promise<LevelReply | Response> =>
        signedIn(await signIn.password(request, { ...request.body, device: deviceToken(request.raw) })),
    }),
    route({
      ...signing,
      path: '/api/access/totp',
      level: 'password',
      event: 'sign-in.code-tried',
      body: z.strictObject({ code: totpSchema }),
      handle: async (request): Promise<LevelReply | Response> =>
        signedIn(await signIn.code(request, { ...request.body, device: deviceToken(request.raw) })),
    }),
    route({
      ...signing,
      path: '/api/access/recovery-code',
      level: 'password',
      event: 'sign-in.code-tried',
      body: z.strictObject({ code: z.string().min(20).max(40) }),
      handle: async (request): Promise<LevelReply | Response> =>
        signedIn(await signIn.code(request, { ...request.body, device: deviceToken(request.raw) })),
    }),
    route({
      ...signing,
      rate: 'api',
      path: '/api/access/sign-out',
      level: 'none',
      event: 'session.ended',
      handle: async (request): Promise<{ readonly level: 'none' } | Response> => {
        await signOut(request)
        return replyWithCookies({ level: 'none' }, [noSessionCookie()])
      },
    }),
  ] as const
}

/** Setting up the first second factor. Policy 3.1-0. */
export function enrolmentRoutes({ factors }: Access) {
  return [
    route({
      ...signing,
      path: '/api/access/enrol',
      level: 'enrolling',
      event: { none: 'a factor that is not confirmed proves nothing yet' },
      body: z.strictObject({ label: labelSchema }),
      handle: (request) => factors.enrol(request, request.body.label),
    }),
    route({
      ...signing,
      path: '/api/access/enrol/confirm',
      level: 'enrolling',
      event: 'factor.confirmed',
      body: z.strictObject({ factorId: uuid, code: totpSchema }),
      handle: async (
        request,
      ): Promise<(LevelReply & { readonly recoveryCodes: readonly string[] }) | Response> => {
        const device = deviceToken(request.raw)
        const enrolled = await factors.confirmEnrolment(request, { ...request.body, device })
        return replyWithCookies({ level: enrolled.level, recoveryCodes: enrolled.recoveryCodes }, [
          sessionCookie(enrolled.token),
          deviceCookie(enrolled.device),
        ])
      },
    }),
  ] as const
}

/** What a one-time link is for, and becoming somebody with it. */
export function welcomeRoutes({ signIn, linkKind, redeem }: Access) {
  return [
    route({
      ...signing,
      path: '/api/access/link',
      level: 'none',
      event: { none: 'tells what a link is for; one that is no good is recorded as refused' },
      body: z.strictObject({ token: z.string().min(20).max(100) }),
      handle: async (request) => ({ kind: await linkKind(request, request.body.token) }),
    }),
    route({
      ...signing,
      path: '/api/access/welcome',
      level: 'none',
      event: 'link.redeemed',
      body: z.strictObject({
        token: z.string().min(20).max(100),
        name: nameSchema,
        password: passwordSchema,
        email: emailSchema.optional(),
        workspaceName: nameSchema.optional(),
      }),
      handle: async (request): Promise<LevelReply | Response> => {
        const { account, workspace } = await redeem(request, request.body)
        return signedIn(await signIn.begin(request, account, workspace))
      },
    }),
  ] as const
}
