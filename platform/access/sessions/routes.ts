import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { missingFormCookie, replyWithCookies } from './cookies.ts'
import { PLACES_NOTE } from './place.ts'

const own = { permission: 'self.account' } as const
/** Ending sessions takes a factor proved lately (ASVS 5.0, V7.5.2); signing out never does. */
const ending = { ...own, fresh: true } as const

/** Who the caller is, and the caller’s own sessions. Policy 3.4-b, 3.4-c. */
export function sessionRoutes({ sessions, me, endSessions }: Access) {
  return [
    route({
      method: 'GET',
      path: '/api/access/me',
      permission: 'self.sign-in',
      level: 'none',
      event: { none: 'reads only who the caller is' },
      handle: async (request): Promise<Awaited<ReturnType<typeof me>> | Response> => {
        const reply = await me(request)
        const cookie = request.caller.sessionId === null ? null : missingFormCookie(request.raw)
        return cookie === null ? reply : replyWithCookies(reply, [cookie])
      },
    }),
    route({
      ...own,
      method: 'GET',
      path: '/api/access/sessions',
      event: { none: 'reads only the caller’s own sessions' },
      handle: async (request) => ({ sessions: await sessions.list(request.caller), placesNote: PLACES_NOTE }),
    }),
    route({
      ...ending,
      method: 'POST',
      path: '/api/access/sessions/:id/revoke',
      event: 'session.ended',
      params: z.strictObject({ id: uuid }),
      handle: async (request) => ({ ended: await endSessions(request, { only: request.params.id }) }),
    }),
    route({
      ...ending,
      method: 'POST',
      path: '/api/access/sessions/revoke-others',
      event: 'session.ended',
      handle: async (request) => ({
        ended: await endSessions(request, { except: request.caller.sessionId ?? '' }),
      }),
    }),
    route({
      ...ending,
      method: 'POST',
      path: '/api/access/sessions/revoke-all',
      event: 'session.ended',
      handle: async (request) => ({ ended: await endSessions(request, {}) }),
    }),
  ] as const
}
