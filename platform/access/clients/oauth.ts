import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { RequestContext } from '../../kernel/caller.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { noteRefusal, noteUse } from '../identify/program.ts'
import type { AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Throttle } from '../sign-in/throttle.ts'
import { contextOfNode, nodePair } from './bridge.ts'
import { loadProvider } from './load-provider.ts'
import { pageResponse, signedOutAlreadyPage } from './pages.ts'
import { makeProvider, type BoundVisit } from './provider.ts'
import { openSigningKeys, signingKeyStamp } from './signing-keys.ts'
import type { TokenBook } from './token-book.ts'

/** How often this process looks whether the signing keys changed. */
const LOOK_MS = 30_000

/** What OAuth 2.0 is built from. */
export type OAuthParts = Pick<
  AccessParts,
  'db' | 'clock' | 'keys' | 'audit' | 'policy' | 'origin' | 'privateIssuers'
> & {
  readonly log: Log
  readonly sessions: Sessions
  readonly throttle: Throttle
  readonly tokens: Pick<TokenBook, 'isUseDue'>
}

/** The OAuth 2.0 and OpenID Connect endpoints. */
export interface OAuth {
  /** The library itself, loaded at its first use, with the signing keys of now. */
  provider(context: RequestContext): Promise<Provider>
  /** Answers a request to one of the protocol's endpoints that passed the gateway's checks. */
  serve(
    context: RequestContext,
    request: Request,
    form?: Readonly<Record<string, string>> | null,
  ): Promise<Response>
}

/** What was learnt of a request while the library served it. */
interface Learnt {
  readonly client?: string
  readonly workspace?: string | undefined
  /** The person's session whose end an application asked for and the person agreed to. */
  readonly signedOut?: string | undefined
}

/** Opens OAuth 2.0; nothing is loaded before somebody uses it. */
export function openOAuth(parts: OAuthParts): OAuth {
  const learnt = new WeakMap<IncomingMessage, Learnt>()
  const provider = keptProvider(parts, learnt)
  return {
    provider,
    serve: async (context, request, form = null) => {
      const pair = nodePair(request, context, parts.origin, form)
      const library = await provider(context)
      const callback = library.callback()
      callback(pair.incoming, pair.outgoing).catch((error: unknown) => pair.outgoing.destroy(error as Error))
      const response = await pair.answered
      const seen = learnt.get(pair.incoming) ?? {}
      const { client: id, workspace: tenant = null } = seen
      if (id !== undefined && parts.tokens.isUseDue(id, null))
        await noteUse(parts, context, { kind: 'client', id, tenant, lastUsedAt: null })
      if (response.status === 401 && form !== null) await noteStranger(parts, context, form)
      if (seen.signedOut !== undefined) await endSession(parts, context, seen.signedOut)
      return withoutScript(response, form ?? Object.fromEntries(new URL(request.url).searchParams))
    },
  }
}

/** The library, made again when the signing keys changed. */
function keptProvider(
  parts: OAuthParts,
  learnt: WeakMap<IncomingMessage, Learnt>,
): (context: RequestContext) => Promise<Provider> {
  let kept: { readonly stamp: string; readonly provider: Provider; lookedAt: number } | undefined
  let making: Promise<Provider> | undefined
  const make = async (context: RequestContext): Promise<Provider> => {
    const library = await loadProvider()
    const keys = await openSigningKeys(parts, context)
    const made = makeProvider({ ...parts, privateAddresses: parts.privateIssuers }, library, keys)
    listen(parts, made, learnt)
    kept = { stamp: await signingKeyStamp(parts), provider: made, lookedAt: performance.now() }
    return made
  }
  const remake = (context: RequestContext): Promise<Provider> => {
    making ??= make(context).finally(() => {
      making = undefined
    })
    return making
  }
  return async (context) => {
    if (kept === undefined) return remake(context)
    if (performance.now() - kept.lookedAt < LOOK_MS) return kept.provider
    kept.lookedAt = performance.now()
    return (await signingKeyStamp(parts)) === kept.stamp ? kept.provider : remake(context)
  }
}

/** Learns from the library what is to be recorded, and logs what should never happen. */
function listen({ log }: OAuthParts, provider: Provider, learnt: WeakMap<IncomingMessage, Learnt>): void {
  const used = (context: KoaContextWithOIDC): void => {
    const { client } = context.oidc
    if (client === undefined) return
    const workspace = (client as { readonly surety_workspace?: string }).surety_workspace
    learnt.set(context.req, { client: client.clientId, workspace })
  }
  provider.on('grant.success', used)
  provider.on('pushed_authorization_request.success', used)
  provider.on('end_session.success', (context) => {
    const { session, params } = context.oidc
    if (params?.['logout'] !== undefined)
      learnt.set(context.req, { signedOut: (session as BoundVisit | undefined)?.suretySession })
  })
  provider.on('server_error', (context, error) => {
    const { requestId } = contextOfNode(context.req)
    log.error({ requestId, ...errorRecord(error) }, 'an OAuth request failed')
  })
  provider.on('backchannel.error', (context, error, client) => {
    const { requestId } = contextOfNode(context.req)
    log.warn({ requestId, client: client.clientId, ...errorRecord(error) }, 'a sign-out was not heard')
  })
}

/** Records that somebody could not prove to be a client. Policy 8.1-b. */
function noteStranger(
  parts: OAuthParts,
  context: RequestContext,
  form: Readonly<Record<string, string>>,
): Promise<void> {
  const named = form['client_id']?.slice(0, 100)
  const target = named === undefined ? null : { kind: 'client', id: named }
  return noteRefusal(parts, context, 'client', 'client.refused', { target })
}

/** Signing out of an application's provider signs out of this service too: the visit is the session's shadow. */
async function endSession(
  { db, sessions }: OAuthParts,
  context: RequestContext,
  session: string,
): Promise<void> {
  const account = context.caller.id
  if (context.caller.kind !== 'account') return
  await db.transaction().execute((tx) => sessions.end(tx, context, account, { only: session }, 'signed-out'))
}

/**
 * The library sends one form by an inline script, which our pages never run: signing out when nobody is signed in. A page
 * of ours with a button takes its place.
 */
async function withoutScript(response: Response, asked: Readonly<Record<string, string>>): Promise<Response> {
  if (!(response.headers.get('content-type') ?? '').startsWith('text/html')) return response
  const text = await response.clone().text()
  if (!text.includes('<script>')) return response
  const secret = /name="xsrf" value="([0-9a-zA-Z_-]+)"/.exec(text)?.[1]
  // Whoever asks for an answer by such a form is refused: no program is registered for it.
  if (secret === undefined)
    throw new Problem('request.invalid', 'An answer is sent in the query of the registered address.')
  // The library decides where the answer leads; this only lets the browser follow it.
  const leadsTo = asked['post_logout_redirect_uri'] ?? null
  const page = await pageResponse(signedOutAlreadyPage({ secret, leadsTo }))
  for (const cookie of response.headers.getSetCookie()) page.headers.append('set-cookie', cookie)
  return page
}
