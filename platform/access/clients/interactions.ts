import type { IncomingMessage, ServerResponse } from 'node:http'
import type { InteractionResults, Provider } from 'oidc-provider'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { openFace } from '../accounts/accounts.ts'
import { sealedAccount } from '../accounts/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { nodePair } from './bridge.ts'
import type { OAuth } from './oauth.ts'
import type { Page, SignInView } from './pages.ts'
import { codePage, consentPage, onwardPage, otherAccountPage, pageResponse, passwordPage } from './pages.ts'
import { clientName } from './clients.ts'
import { belongsTo, standingSignIn, type StandingSignIn } from './person.ts'
import { interactionPath, workspaceOf } from './provider.ts'
import { workspaceName } from './queries.ts'

/** What the pages between an application and its answer work with. */
export type InteractionParts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'policy' | 'origin'> & {
  readonly oauth: OAuth
}

/** What the library wants to know of the person. */
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** One visit of such a page. */
interface Visit {
  readonly provider: Provider
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly details: Interaction
  readonly client: { readonly id: string; readonly workspace: string; readonly name: string }
  readonly context: RequestContext
}

/** The pages between an application that sends a person here and the answer that goes back. */
export type Interactions = ReturnType<typeof openInteractions>

/** Opens the pages over their parts. */
export function openInteractions(parts: InteractionParts) {
  return {
    /** The first page after the application; goes on by itself. */
    arrive: (uid: string): Promise<Response> => pageResponse(onwardPage(`${interactionPath(uid)}/go`)),
    /** What the person has to do next, or the way back when nothing is left. */
    go: async (
      context: RequestContext,
      request: Request,
      refused?: Partial<SignInView>,
    ): Promise<Response> => {
      const visit = await open(parts, context, request)
      return visit.details.prompt.name === 'consent'
        ? askConsent(parts, visit)
        : signIn(parts, visit, refused ?? {})
    },
    /** The person's answer to what an application asked to do. */
    answer: async (context: RequestContext, request: Request, allowed: boolean): Promise<Response> => {
      const visit = await open(parts, context, request)
      return allowed ? allow(parts, visit) : refuse(parts, visit)
    },
    /** The person goes back without signing in. */
    cancel: async (context: RequestContext, request: Request): Promise<Response> =>
      refuse(parts, await open(parts, context, request)),
  }
}

async function open(parts: InteractionParts, context: RequestContext, request: Request): Promise<Visit> {
  const provider = await parts.oauth.provider(context)
  const { incoming, outgoing } = nodePair(request, context, parts.origin)
  const details = await provider.interactionDetails(incoming, outgoing).catch((cause: unknown) => {
    throw new Problem('resource.unknown', 'This sign-in took too long; begin again in the application.', {
      cause,
    })
  })
  // The cookie names one interaction, the address another: somebody was sent a link.
  if (!new URL(request.url).pathname.startsWith(`${interactionPath(details.uid)}/`))
    throw new Problem('resource.unknown', 'This is not the sign-in that your browser began.')
  const client = await provider.Client.find(String(details.params['client_id']))
  if (client === undefined) throw new Problem('resource.unknown', 'This application is not known any more.')
  const workspace = workspaceOf(client)
  const name = await clientName(parts, client.clientId)
  return { provider, incoming, outgoing, details, context, client: { id: client.clientId, workspace, name } }
}

function leadsTo({ details }: Visit): string | null {
  const address = details.params['redirect_uri']
  return typeof address === 'string' ? address : null
}

function scopesAsked({ details }: Visit): string[] {
  const { scope } = details.params
  return typeof scope === 'string' ? scope.split(' ').filter((one) => one !== '') : []
}

async function back(visit: Visit, result: InteractionResults): Promise<Response> {
  const { provider, incoming, outgoing } = visit
  const location = await provider.interactionResult(incoming, outgoing, result, {
    mergeWithLastSubmission: true,
  })
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}

async function signIn(
  parts: InteractionParts,
  visit: Visit,
  refused: Partial<SignInView>,
): Promise<Response> {
  const { caller } = visit.context
  const { sessionId } = caller
  const view = { at: interactionPath(visit.details.uid), client: visit.client.name, leadsTo: leadsTo(visit) }
  const show = (page: Page): Promise<Response> => pageResponse(page)
  if (caller.kind === 'account' && caller.level === 'password') return show(codePage({ ...view, ...refused }))
  const unfinished = caller.kind === 'account' && caller.level !== 'full'
  const why = unfinished
    ? 'Finish setting up your account in the console first, then continue here.'
    : undefined
  const standing = sessionId === null ? null : await standingSignIn(parts, sessionId)
  const hint = hintOf(visit)
  const email = typeof hint === 'string' && hint.length < 250 ? { email: hint } : {}
  if (standing === null)
    return show(passwordPage({ ...view, ...email, ...(why === undefined ? {} : { why }), ...refused }))
  if (!(await belongsTo(parts, standing.account, visit.client.workspace))) {
    const reason = `Your account does not belong to the workspace of ${visit.client.name}.`
    return show(otherAccountPage({ ...view, ...refused, reason }))
  }
  const again = whyAgain(parts, visit, standing)
  if (again !== null) return show(passwordPage({ ...view, ...refused, why: again }))
  return complete(parts, visit, standing)
}

function hintOf({ details }: Visit): unknown {
  return details.params['login_hint']
}

/** Why a person who is signed in must sign in again; null when there is no reason. */
function whyAgain({ clock }: InteractionParts, visit: Visit, standing: StandingSignIn): string | null {
  const { reasons } = visit.details.prompt
  const begun = visit.details.iat * 1000
  const since = standing.since.getTime()
  if (reasons.includes('login_prompt') && since < begun) return 'The application asks you to sign in again.'
  const age = Number(visit.details.params['max_age'] ?? Number.POSITIVE_INFINITY)
  // Signing in takes longer than some ask for: what counts is that it was done for this request.
  if (reasons.includes('max_age') && since < begun && since < clock.now().getTime() - age * 1000)
    return 'Your sign-in is older than the application accepts.'
  const expected = subjectOfHint(visit.details.params['id_token_hint'])
  if (reasons.includes('id_token_hint') && expected !== null && expected !== standing.account)
    return 'The application expects another account.'
  return null
}

/** Whom an ID token names; the library has verified it before. */
function subjectOfHint(hint: unknown): string | null {
  if (typeof hint !== 'string') return null
  const claims: unknown = JSON.parse(Buffer.from(hint.split('.')[1] ?? '', 'base64url').toString() || '{}')
  const { sub } = claims as { readonly sub?: unknown }
  return typeof sub === 'string' ? sub : null
}

async function complete(
  { clock }: InteractionParts,
  visit: Visit,
  standing: StandingSignIn,
): Promise<Response> {
  const { details, provider } = visit
  const stronger = details.prompt.reasons.some((reason) => reason.startsWith('essential_acr'))
  if (stronger && !acceptedLevels(details).includes(standing.acr))
    return back(visit, {
      error: 'unmet_authentication_requirements',
      error_description: 'the person cannot sign in the way that was asked for',
    })
  const before = details.session
  // Somebody else was signed in here: nothing of their visit is carried over.
  if (before?.accountId !== undefined && before.accountId !== standing.account)
    await forgetVisit(provider, before.uid, clock.now())
  return back(visit, {
    login: {
      accountId: standing.account,
      ts: Math.floor(standing.since.getTime() / 1000),
      acr: standing.acr,
      amr: [...standing.amr],
      remember: false,
      session: standing.session,
    },
  })
}

/** What a client accepts as `acr`, by the claims that it calls essential. */
function acceptedLevels({ prompt }: Interaction): unknown[] {
  const { acr } = prompt.details as {
    readonly acr?: { readonly value?: unknown; readonly values?: unknown[] }
  }
  return acr?.values ?? [acr?.value]
}

async function forgetVisit(provider: Provider, uid: string, now: Date): Promise<void> {
  const visit = await provider.Session.findByUid(uid)
  if (visit === undefined) return
  delete visit.accountId
  delete visit.authorizations
  delete (visit as { suretySession?: string }).suretySession
  await visit.save(visit.exp - Math.floor(now.getTime() / 1000))
}

async function askConsent(parts: InteractionParts, visit: Visit): Promise<Response> {
  const { caller } = visit.context
  const expected = visit.details.session?.accountId
  if (caller.kind !== 'account' || caller.level !== 'full' || caller.id !== expected)
    return signInAgain(visit)
  const [sealed, account] = await Promise.all([
    workspaceName(parts.db, visit.client.workspace),
    sealedAccount(parts.db, caller.id),
  ])
  if (sealed === undefined || account === undefined) return signInAgain(visit)
  const { workspace } = visit.client
  return pageResponse(
    consentPage({
      at: interactionPath(visit.details.uid),
      client: visit.client.name,
      workspace: await parts.keys.openText(
        workspace,
        { table: 'workspace', column: 'name', row: workspace },
        sealed,
      ),
      person: (await openFace(parts, account)).email,
      scopes: scopesAsked(visit),
      leadsTo: leadsTo(visit),
    }),
  )
}

/** Whoever was signed in when the request began is not any more: the application begins again. */
function signInAgain(visit: Visit): Promise<Response> {
  return back(visit, { error: 'login_required', error_description: 'the sign-in has ended meanwhile' })
}

async function allow(parts: InteractionParts, visit: Visit): Promise<Response> {
  const { caller } = visit.context
  const { details, provider, client } = visit
  const accountId = details.session?.accountId
  if (details.prompt.name !== 'consent' || caller.level !== 'full' || caller.id !== accountId)
    return signInAgain(visit)
  const known = details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId)
  const grant = known ?? new provider.Grant({ accountId, clientId: client.id })
  const { missingOIDCScope: scopes = [], missingOIDCClaims: claims = [] } = details.prompt.details as {
    readonly missingOIDCScope?: string[]
    readonly missingOIDCClaims?: string[]
  }
  if (scopes.length > 0) grant.addOIDCScope(scopes)
  if (claims.length > 0) grant.addOIDCClaims(claims)
  const grantId = await grant.save()
  await note(parts, visit, 'consent.given', { scopes: scopesAsked(visit) })
  return back(visit, { consent: { grantId } })
}

async function refuse(parts: InteractionParts, visit: Visit): Promise<Response> {
  await note(parts, visit, 'consent.refused', {})
  return back(visit, { error: 'access_denied', error_description: 'the person refused' })
}

async function note(
  { db, audit }: InteractionParts,
  { context, client }: Visit,
  type: 'consent.given' | 'consent.refused',
  details: Readonly<Record<string, string[]>>,
): Promise<void> {
  const target = { kind: 'client', id: client.id }
  const event = eventOf(context, type, { tenant: client.workspace, target, details })
  await db.transaction().execute((tx) => audit.record(tx, event))
}
