import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import { deviceCookie, replyWithCookies, sessionCookie } from '../sessions/cookies.ts'
import { browserCookie, browserToken, noBrowserCookie } from './cookie.ts'
import { CALLBACK_PATH, type Begun, type Returned } from './upstream.ts'

const host = z
  .string()
  .max(253)
  .transform((text) => text.trim().toLowerCase())
  .pipe(
    z.string().regex(/^(?=.{4,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/),
  )

const wishSchema = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }).max(500),
  clientId: z.string().min(1).max(200),
  clientSecret: z.string().min(8).max(500).optional(),
  domains: z.array(host).min(1).max(20),
  twoFactors: z
    .array(z.strictObject({ claim: z.enum(['acr', 'amr']), value: z.string().min(1).max(200) }))
    .max(20),
})

/** What comes back with a person; providers add words of their own, which are read by nobody. */
const answerSchema = z.strictObject({
  state: z.string().min(1).max(100),
  code: z.string().max(4096).optional(),
  iss: z.string().max(500).optional(),
  error: z.string().max(200).optional(),
  error_description: z.string().max(2000).optional(),
  error_uri: z.string().max(2000).optional(),
  session_state: z.string().max(500).optional(),
  scope: z.string().max(1000).optional(),
  authuser: z.string().max(100).optional(),
  hd: z.string().max(253).optional(),
  prompt: z.string().max(100).optional(),
  client_info: z.string().max(2000).optional(),
})

function leave({ location, browser }: Begun): Response {
  return replyWithCookies({ location }, [browserCookie(browser)])
}

/**
 * The person comes back from another site, so the browser sends no strict cookie with this request nor with the one it
 * is sent on to; the console, which asks for everything by itself, gets them again.
 */
function arrive(returned: Returned): Response {
  const headers = new Headers({ 'cache-control': 'no-store' })
  headers.append('set-cookie', noBrowserCookie())
  let to = '/console/account#upstream=linked'
  if ('refused' in returned)
    to = `${returned.linking ? '/console/account' : '/console/sign-in'}#upstream=${returned.refused}`
  if ('signedIn' in returned) {
    const { token, device, level } = returned.signedIn
    for (const cookie of sessionCookie(token)) headers.append('set-cookie', cookie)
    if (device !== null) headers.append('set-cookie', deviceCookie(device))
    to = level === 'full' ? '/console/' : '/console/sign-in'
  }
  headers.set('location', to)
  return new Response(null, { status: 303, headers })
}

/** Signing in through the identity provider of a workspace. Policy 3.1-0. */
export function upstreamRoutes({ upstream }: Access) {
  return [
    route({
      method: 'POST',
      path: '/api/access/upstream/start',
      permission: 'self.sign-in',
      level: 'none',
      rate: 'sign-in',
      event: { none: 'nobody came back yet; who does is recorded' },
      body: z.strictObject({ workspace: uuid }),
      handle: async (request): Promise<{ readonly location: string } | Response> =>
        leave(await upstream.start(request, request.body.workspace)),
    }),
    route({
      method: 'GET',
      path: CALLBACK_PATH,
      permission: 'self.sign-in',
      level: 'none',
      rate: 'sign-in',
      event: 'sign-in.upstream-tried',
      query: answerSchema,
      handle: async (request): Promise<Response> => {
        const { search } = new URL(request.raw.url)
        const browser = browserToken(request.raw)
        return arrive(await upstream.finish(request, { state: request.query.state, search, browser }))
      },
    }),
    ...linkRoutes(upstream),
    ...connectionRoutes(upstream),
  ] as const
}

function linkRoutes(upstream: Access['upstream']) {
  return [
    route({
      method: 'POST',
      path: '/api/access/upstream/link',
      permission: 'self.account',
      fresh: true,
      event: { none: 'nobody came back yet; who does is recorded' },
      handle: async (request): Promise<{ readonly location: string } | Response> =>
        leave(await upstream.startLink(request)),
    }),
    route({
      method: 'GET',
      path: '/api/access/upstream/links',
      permission: 'self.account',
      event: { none: 'reads only the caller’s own links' },
      handle: async (request) => ({ links: await upstream.links(request) }),
    }),
    route({
      method: 'POST',
      path: '/api/access/upstream/links/:id/remove',
      permission: 'self.account',
      fresh: true,
      event: 'upstream.unlinked',
      params: z.strictObject({ id: uuid }),
      handle: async (request) => {
        await upstream.unlink(request, request.params.id)
        return { done: true } as const
      },
    }),
  ] as const
}

function connectionRoutes(upstream: Access['upstream']) {
  const one = { path: '/api/access/upstream/connection', permission: 'people.edit' } as const
  return [
    route({
      ...one,
      method: 'GET',
      event: { none: 'reads how the people of the workspace sign in, without the secret' },
      handle: async (request) => ({ connection: await upstream.connection(request) }),
    }),
    route({
      ...one,
      method: 'PUT',
      fresh: true,
      event: 'upstream.set',
      body: wishSchema,
      handle: async (request) => {
        await upstream.setConnection(request, request.body)
        return { done: true } as const
      },
    }),
    route({
      ...one,
      method: 'DELETE',
      fresh: true,
      event: 'upstream.removed',
      handle: async (request) => {
        await upstream.removeConnection(request)
        return { done: true } as const
      },
    }),
  ] as const
}
