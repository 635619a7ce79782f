import { route } from '../../../kernel/route.ts'
import { z } from '../../../kernel/schema.ts'
import type { Access } from '../../access.ts'
import { deviceCookie, deviceToken, replyWithCookies, sessionCookie } from '../../sessions/cookies.ts'
import type { SignedIn } from '../../sign-in/assurance.ts'
import { codeSchema, labelSchema } from '../../sign-in/fields.ts'
import type { LevelReply } from '../../sign-in/routes.ts'
import { assertionSchema, attestationSchema } from './responses.ts'

const signing = { method: 'POST', permission: 'self.sign-in', rate: 'sign-in' } as const
const own = { method: 'POST', permission: 'self.account', rate: 'sign-in' } as const
const asks = { none: 'a challenge proves nothing yet' } as const
const proof = z.strictObject({ response: assertionSchema })

function signedIn({ token, level, device }: SignedIn): Response {
  const cookies = [sessionCookie(token), ...(device === null ? [] : [deviceCookie(device)])]
  return replyWithCookies({ level } satisfies LevelReply, cookies)
}

/** Signing in with a key as the second factor, or with a passkey alone. Policy 3.1-c. */
export function keySignInRoutes({ keys }: Access) {
  return [
    route({
      ...signing,
      path: '/api/access/webauthn/options',
      level: 'password',
      event: asks,
      handle: async (request) => ({ options: await keys.signInOptions(request) }),
    }),
    route({
      ...signing,
      path: '/api/access/webauthn',
      level: 'password',
      event: 'sign-in.key-tried',
      body: proof,
      handle: async (request): Promise<LevelReply | Response> =>
        signedIn(await keys.signIn(request, { ...request.body, device: deviceToken(request.raw) })),
    }),
    route({
      ...signing,
      path: '/api/access/passkey/options',
      level: 'none',
      event: asks,
      handle: async () => ({ options: await keys.passkeyOptions() }),
    }),
    route({
      ...signing,
      path: '/api/access/passkey/verify',
      level: 'none',
      event: 'sign-in.key-tried',
      body: proof,
      handle: async (request): Promise<LevelReply | Response> =>
        signedIn(await keys.passkey(request, { ...request.body, device: deviceToken(request.raw) })),
    }),
  ] as const
}

/** Setting up a key: at sign-in, or beside the factors that an account has. Policy 3.1-c. */
export function keySetupRoutes({ keys }: Access) {
  const wish = z.strictObject({ label: labelSchema, response: attestationSchema })
  return [
    route({
      ...signing,
      path: '/api/access/enrol/webauthn/options',
      level: 'enrolling',
      event: asks,
      handle: async (request) => ({ options: await keys.enrolOptions(request) }),
    }),
    route({
      ...signing,
      path: '/api/access/enrol/webauthn',
      level: 'enrolling',
      event: 'factor.confirmed',
      body: wish,
      handle: async (
        request,
      ): Promise<(LevelReply & { readonly recoveryCodes: readonly string[] }) | Response> => {
        const device = deviceToken(request.raw)
        const { token, level, recoveryCodes, ...done } = await keys.enrol(request, {
          ...request.body,
          device,
        })
        return replyWithCookies({ level, recoveryCodes }, [sessionCookie(token), deviceCookie(done.device)])
      },
    }),
    route({
      ...own,
      path: '/api/access/factors/webauthn/options',
      event: asks,
      body: z.strictObject({ code: codeSchema.optional() }),
      handle: async (request) => ({ options: await keys.addOptions(request, request.body.code) }),
    }),
    route({
      ...own,
      path: '/api/access/factors/webauthn',
      event: 'factor.confirmed',
      body: wish,
      handle: async (request) => ({ factorId: await keys.add(request, request.body) }),
    }),
  ] as const
}
