import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { replyWithCookies, sessionCookie } from '../sessions/cookies.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { codeSchema } from '../sign-in/fields.ts'
import { assertionSchema } from './webauthn/responses.ts'

const own = { method: 'POST', permission: 'self.account', rate: 'sign-in' } as const

/** What somebody is told who proved a second factor again. */
export interface StepUpReply {
  readonly done: true
}

function proved(token: SessionToken): Response {
  return replyWithCookies({ done: true } satisfies StepUpReply, [sessionCookie(token)])
}

/** Proving a second factor again, which opens sensitive operations for a while. Policy 3.1-0. */
export function stepUpRoutes({ keys, factors }: Access) {
  return [
    route({
      ...own,
      path: '/api/access/step-up/code',
      event: 'sign-in.code-tried',
      body: z.strictObject({ code: codeSchema }),
      handle: async (request): Promise<StepUpReply | Response> =>
        proved(await factors.stepUp(request, request.body.code)),
    }),
    route({
      ...own,
      path: '/api/access/step-up/webauthn/options',
      event: { none: 'a challenge proves nothing yet' },
      handle: async (request) => ({ options: await keys.stepUpOptions(request) }),
    }),
    route({
      ...own,
      path: '/api/access/step-up/webauthn/verify',
      event: 'sign-in.key-tried',
      body: z.strictObject({ response: assertionSchema }),
      handle: async (request): Promise<StepUpReply | Response> =>
        proved(await keys.stepUp(request, request.body.response)),
    }),
  ] as const
}
