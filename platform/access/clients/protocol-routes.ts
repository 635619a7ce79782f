import { readFileSync } from 'node:fs'
import { route, type RouteRequest } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { Access } from '../access.ts'
import type { Introspected } from './introspection.ts'
import { ENDPOINTS } from './provider.ts'

/** Parameters that a specification adds one day are ignored by the library, so any name is let through, within bounds. */
const parameters = z.record(z.string().max(100), z.string().max(32_000))
const open = { permission: 'public', level: 'none', query: parameters } as const
const uid = z.strictObject({ uid: z.string().regex(/^[\w-]{20,64}$/) })
const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8')

type Form = Record<string, string>
type Asked = Pick<RouteRequest<unknown, unknown, Form>, 'requestId' | 'caller' | 'raw' | 'body'>

const publishes = { none: 'publishes what every client must know' } as const
const asks = { none: 'asks whoever comes; what they answer is recorded' } as const

/**
 * A request that came as a form goes on as an address (RFC 9110 §15.4.4): browsers send no cookie of ours along with a
 * form of another site, but they do when they follow.
 */
async function asQuery({ raw, body }: Asked): Promise<Response> {
  const location = `${new URL(raw.url).pathname}?${new URLSearchParams(body).toString()}`
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}

/** The endpoints of OAuth 2.0 and OpenID Connect. Policy 4.3-a.2. */
export function protocolRoutes({ oauth }: Access) {
  const get = ({ raw, ...context }: Asked): Promise<Response> => oauth.serve(context, raw)
  const form = { ...open, method: 'POST', reads: 'form', body: parameters } as const
  return [
    route({
      ...open,
      method: 'GET',
      path: '/.well-known/openid-configuration',
      event: publishes,
      handle: get,
    }),
    route({
      ...open,
      method: 'GET',
      path: '/.well-known/oauth-authorization-server',
      event: publishes,
      handle: get,
    }),
    route({ ...open, method: 'GET', path: ENDPOINTS.jwks, event: publishes, handle: get }),
    route({ ...open, method: 'GET', path: ENDPOINTS.authorization, event: asks, handle: get }),
    route({
      ...form,
      path: ENDPOINTS.authorization,
      event: asks,
      fromOtherSites:
        'An application may send its request as a form; nothing is done before the person answers.',
      handle: asQuery,
    }),
    route({
      ...open,
      method: 'GET',
      path: `${ENDPOINTS.authorization}/:uid`,
      params: uid,
      event: asks,
      handle: get,
    }),
  ] as const
}

/** The endpoints that programs call themselves. Policy 4.3-a.2. */
export function tokenRoutes({ oauth, introspect }: Access) {
  const get = ({ raw, ...context }: Asked): Promise<Response> => oauth.serve(context, raw)
  const post = ({ raw, body, ...context }: Asked): Promise<Response> => oauth.serve(context, raw, body)
  const form = { ...open, method: 'POST', reads: 'form', body: parameters } as const
  return [
    route({ ...form, path: ENDPOINTS.token, event: 'client.used', handle: post }),
    route({ ...form, path: ENDPOINTS.pushed_authorization_request, event: 'client.used', handle: post }),
    route({
      ...form,
      path: ENDPOINTS.introspection,
      event: { none: 'reads what a token is worth; a wrong secret is recorded' },
      handle: async (asked): Promise<Introspected | Response> =>
        (await introspect(asked.raw.headers, asked.body)) ?? post(asked),
    }),
    route({ ...form, path: ENDPOINTS.revocation, event: 'token.revoked', handle: post }),
    route({
      ...open,
      method: 'GET',
      path: ENDPOINTS.userinfo,
      event: { none: 'reads what a person allowed a program to see' },
      handle: get,
    }),
    route({
      ...form,
      path: ENDPOINTS.userinfo,
      event: { none: 'reads what a person allowed a program to see' },
      handle: post,
    }),
  ] as const
}

/** Signing out as an application wants it (OpenID Connect RP-Initiated Logout). */
export function logoutRoutes({ oauth }: Access) {
  const get = ({ raw, ...context }: Asked): Promise<Response> => oauth.serve(context, raw)
  const post = ({ raw, body, ...context }: Asked): Promise<Response> => oauth.serve(context, raw, body)
  const form = { ...open, method: 'POST', reads: 'form', body: parameters } as const
  return [
    route({ ...open, method: 'GET', path: ENDPOINTS.end_session, event: asks, handle: get }),
    route({
      ...form,
      path: ENDPOINTS.end_session,
      event: asks,
      fromOtherSites: 'An application may send its request as a form; the person is asked first.',
      handle: asQuery,
    }),
    route({
      ...form,
      path: `${ENDPOINTS.end_session}/confirm`,
      event: 'session.ended',
      handle: post,
    }),
    route({
      ...open,
      method: 'GET',
      path: `${ENDPOINTS.end_session}/success`,
      event: { none: 'tells that signing out worked' },
      handle: get,
    }),
    route({
      permission: 'public',
      level: 'none',
      rate: 'page',
      method: 'GET',
      path: '/oauth/style.css',
      event: { none: 'serves a file that everybody may read' },
      handle: async (): Promise<Response> =>
        new Response(style, {
          headers: { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' },
        }),
    }),
  ] as const
}

const signing = { permission: 'self.sign-in', level: 'none', params: uid } as const
const step = { ...signing, method: 'POST', reads: 'form', rate: 'sign-in' } as const

/** The pages between an application and its answer. Policy 3.1-0. */
export function interactionRoutes({ interactions, pageSignIn }: Access) {
  return [
    route({
      ...signing,
      method: 'GET',
      rate: 'page',
      path: '/oauth/interaction/:uid',
      event: asks,
      handle: ({ params }): Promise<Response> => interactions.arrive(params.uid),
    }),
    route({
      ...signing,
      method: 'GET',
      rate: 'page',
      path: '/oauth/interaction/:uid/go',
      event: asks,
      handle: ({ raw, ...context }): Promise<Response> => interactions.go(context, raw),
    }),
    route({
      ...step,
      path: '/oauth/interaction/:uid/password',
      event: 'sign-in.password-tried',
      body: z.strictObject({ email: z.string().max(320), password: z.string().max(1024) }),
      handle: ({ raw, body, ...context }): Promise<Response> => pageSignIn.password(context, raw, body),
    }),
    route({
      ...step,
      path: '/oauth/interaction/:uid/code',
      event: 'sign-in.code-tried',
      body: z.strictObject({ code: z.string().max(60) }),
      handle: ({ raw, body, ...context }): Promise<Response> => pageSignIn.code(context, raw, body.code),
    }),
  ] as const
}

/** The person's answer. */
export function answerRoutes({ interactions }: Access) {
  return [
    route({
      ...step,
      rate: 'api',
      path: '/oauth/interaction/:uid/consent',
      event: 'consent.given',
      body: z.strictObject({ answer: z.enum(['allow', 'refuse']) }),
      handle: ({ raw, body, ...context }): Promise<Response> =>
        interactions.answer(context, raw, body.answer === 'allow'),
    }),
    route({
      ...step,
      rate: 'api',
      path: '/oauth/interaction/:uid/cancel',
      event: 'consent.refused',
      body: z.strictObject({ cancel: z.literal('').optional() }),
      handle: ({ raw, ...context }): Promise<Response> => interactions.cancel(context, raw),
    }),
  ] as const
}
