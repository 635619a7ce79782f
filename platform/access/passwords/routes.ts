import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { replyWithCookies, sessionCookie } from '../sessions/cookies.ts'
import { passwordSchema } from '../sign-in/fields.ts'

/** The way out of a breached password, and the operator's turn of the pepper. Policy 3.3-b, 3.3-c. */
export function passwordRoutes({ passwords }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/access/password/renew',
      permission: 'self.sign-in',
      level: 'renewing',
      rate: 'sign-in',
      event: 'password.changed',
      body: z.strictObject({ current: passwordSchema, next: passwordSchema }),
      handle: async (request): Promise<{ readonly level: 'full' } | Response> =>
        replyWithCookies({ level: 'full' }, [sessionCookie(await passwords.renew(request, request.body))]),
    }),
    route({
      surface: 'operator',
      method: 'POST',
      path: '/pepper/rotate',
      permission: 'operator.local',
      event: 'pepper.rotated',
      handle: (request) => passwords.rotatePepper(request),
    }),
  ] as const
}
