import { PROVIDER, type LookUp } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import { emailSchema } from '../accounts/email.ts'
import { writeTo } from '../letters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { workspaceOf } from '../people/people.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { beginAsserted, continueWith, type SignedIn } from '../sign-in/assurance.ts'
import { addressPrefix, NETWORK_BUDGET, type Throttle } from '../sign-in/throttle.ts'
import {
  providerFacts,
  readConnection,
  removeConnection,
  setConnection,
  type ConnectionRow,
  type ConnectionWish,
} from './connection.ts'
import { openProviders, type Assertion, type Providers } from './provider.ts'
import {
  connectionById,
  connectionOf,
  endLinks,
  insertLink,
  linkBySubject,
  linkingSession,
  linksOfAccount,
  reachOf,
  touchLink,
} from './queries.ts'
import { beginWay, takeWay, type BrowserToken, type ReturnedWay } from './way.ts'

/** Where providers send people back to. */
export const CALLBACK_PATH = '/api/access/upstream/callback'

/** Where the browser goes now, and what it carries to come back. */
export interface Begun {
  readonly location: string
  readonly browser: BrowserToken
}

/** How a person came back. */
export type Returned =
  | { readonly signedIn: SignedIn }
  | { readonly linked: true }
  | { readonly refused: RefusalReason; readonly linking: boolean }

/** Why an answer was of no use, in fixed words for the audit log and the page. */
export type RefusalReason =
  | 'unknown-way'
  | 'no-connection'
  | 'answer'
  | 'not-linked'
  | 'e-mail'
  | 'session'
  | 'taken'

type Parts = AccessParts & { readonly sessions: Sessions; readonly throttle: Throttle }
type Wired = Parts & { readonly providers: Providers; readonly redirectUri: string }

/** Signing in through a workspace's own identity provider. Policy 3.1-0. */
export function openUpstream(given: Parts) {
  const redirectUri = given.origin + CALLBACK_PATH
  const parts = { ...given, redirectUri, providers: openProviders({ ...given, redirectUri }) }
  return {
    connection: (context: RequestContext) => readConnection(parts, context),
    setConnection: (context: RequestContext, wish: ConnectionWish) => setConnection(parts, context, wish),
    removeConnection: (context: RequestContext) => removeConnection(parts, context),
    /** Begins a sign-in. Throws `resource.unknown` for a workspace without a connection. */
    start: (context: RequestContext, workspace: string): Promise<Begun> => {
      parts.throttle.take(`network ${addressPrefix(context.caller.ip)}`, NETWORK_BUDGET)
      return begin(parts, workspace, null)
    },
    /** Begins linking the caller's account; the route asks for a fresh second factor. */
    startLink: (context: RequestContext): Promise<Begun> =>
      begin(parts, workspaceOf(context), context.caller.sessionId),
    /** The person came back. */
    finish: (
      context: RequestContext,
      back: { readonly state: string; readonly search: string; readonly browser: BrowserToken | null },
    ): Promise<Returned> => finish(parts, context, back),
    links: async (context: RequestContext) =>
      (await linksOfAccount(parts.db, context.caller.id)).map((row) => ({
        id: row.id,
        issuer: row.issuer,
        workspace: row.workspace_id,
        createdAt: row.created_at.toISOString(),
        lastUsedAt: row.last_used_at?.toISOString() ?? null,
      })),
    unlink: (context: RequestContext, id: string) => unlink(parts, context, id),
  }
}

async function begin(parts: Wired, workspace: string, session: string | null): Promise<Begun> {
  const connection = await connectionOf(parts.db, workspace)
  if (connection === undefined)
    throw new Problem('resource.unknown', 'This workspace has no sign-in of its own.')
  const { question, browser } = await beginWay(parts, connection.id, session)
  const facts = await providerFacts(parts, connection)
  const location = await parts.providers.questionUrl(facts, question, connection.two_factors)
  return { location, browser }
}

async function finish(
  parts: Wired,
  context: RequestContext,
  back: { readonly state: string; readonly search: string; readonly browser: BrowserToken | null },
): Promise<Returned> {
  parts.throttle.take(`network ${addressPrefix(context.caller.ip)}`, NETWORK_BUDGET)
  const way = await takeWay(parts, back.state, back.browser)
  if (way === null) return refuse(parts, context, null, 'unknown-way', false)
  const connection = await connectionById(parts.db, way.connection)
  const linking = way.session !== null
  if (connection === undefined) return refuse(parts, context, null, 'no-connection', linking)
  const assertion = await ask(parts, connection, way, back.search)
  if (assertion === null) return refuse(parts, context, connection, 'answer', linking)
  return way.session === null
    ? signIn(parts, context, connection, assertion)
    : link(parts, context, connection, assertion, way.session)
}

/** What the provider says; null when its answer is not what was asked for, or does not prove what it says. */
async function ask(
  parts: Wired,
  connection: ConnectionRow,
  way: ReturnedWay,
  search: string,
): Promise<Assertion | null> {
  const facts = await providerFacts(parts, connection)
  try {
    return await parts.providers.answer(facts, way.question, search, connection.two_factors)
  } catch {
    // Whatever it was, nobody is signed in; what the provider or a stranger wrote is repeated nowhere.
    return null
  }
}

/** Who a provider means: its own address, and what it calls them. */
function subjectOf({ issuer }: ConnectionRow, { subject }: Assertion): string {
  return `${issuer}\n${subject}`
}

function subjectLookUp({ keys }: Pick<AccessParts, 'keys'>, subject: string): Promise<LookUp> {
  return keys.lookUp(PROVIDER, 'upstream.subject', subject)
}

function sealSubject({ keys }: Pick<AccessParts, 'keys'>, id: string, subject: string): Promise<Buffer> {
  return keys.sealText(PROVIDER, { table: 'upstream_link', column: 'subject', row: id }, subject)
}

/** Signs in whom the provider's subject was linked to; its word is a first factor unless an owner believes it more. */
async function signIn(
  parts: Wired,
  context: RequestContext,
  connection: ConnectionRow,
  assertion: Assertion,
): Promise<Returned> {
  const { db, audit, clock } = parts
  const subject = subjectOf(connection, assertion)
  const linked = await linkBySubject(db, connection.id, await subjectLookUp(parts, subject))
  if (linked === undefined) return refuse(parts, context, connection, 'not-linked', false)
  const whose = { account: linked.account_id, workspace: connection.workspace_id }
  const asserted = await believed(db, connection, assertion, whose.account)
  const sealed = await sealSubject(parts, linked.id, subject)
  await db.transaction().execute(async (tx) => {
    await touchLink(tx, linked.id, clock.now(), sealed)
    const target = { kind: 'account', id: whose.account }
    const details = {
      asserted: asserted ? 'two factors' : 'one factor',
      said: [...assertion.said].slice(0, 10),
    }
    const about = { tenant: connection.workspace_id, target, details }
    await audit.record(tx, eventOf(context, 'sign-in.upstream-tried', about))
  })
  const whole = asserted ? await beginAsserted(parts, context, whose) : null
  return { signedIn: whole ?? (await continueWith(parts, context, whose, 'upstream')) }
}

/**
 * Whether the provider's word counts for two factors: an owner said so, and nobody but that owner's workspace has
 * anything to lose by it. Staff and people of several workspaces prove their second factor here. Policy 3.1-0.
 */
async function believed(
  db: Database,
  { two_factors }: ConnectionRow,
  { said }: Assertion,
  account: string,
): Promise<boolean> {
  if (!two_factors.some((one) => said.includes(one))) return false
  const { workspaces, staff } = await reachOf(db, account)
  return workspaces === 1 && !staff
}

/**
 * Links the account of the session that began with the provider's subject: only when the provider verified the very
 * address that the account was invited with, and an owner named its domain. An address alone never links anything.
 */
async function link(
  parts: Wired,
  context: RequestContext,
  connection: ConnectionRow,
  assertion: Assertion,
  session: string,
): Promise<Returned> {
  const { db, clock, keys } = parts
  const account = await linkingSession(db, session, connection.workspace_id)
  if (account === undefined) return refuse(parts, context, connection, 'session', true)
  const email = emailSchema.safeParse(assertion.verifiedEmail).data
  const domain = email?.split('@').at(-1) ?? ''
  const theirs = email === undefined ? [] : await emailLookUp(keys, email)
  if (!theirs.some((one) => one.equals(account.email_index)) || !connection.domains.includes(domain))
    return refuse(parts, context, connection, 'e-mail', true)
  const subject = subjectOf(connection, assertion)
  const id = newId(clock)
  const named = {
    subject_index: await subjectLookUp(parts, subject),
    subject: await sealSubject(parts, id, subject),
  }
  const stored = await db.transaction().execute(async (tx) => {
    const row = { id, connection_id: connection.id, account_id: account.id, ...named }
    if (!(await insertLink(tx, { ...row, created_at: clock.now() }))) return false
    const actor = { kind: 'account', id: account.id } as const
    const about = { tenant: connection.workspace_id, actor, target: { kind: 'upstream-link', id } }
    await parts.audit.record(tx, eventOf(context, 'upstream.linked', about))
    await writeTo(parts, tx, account.id, 'upstream-linked', {})
    return true
  })
  return stored ? { linked: true } : refuse(parts, context, connection, 'taken', true)
}

async function unlink(parts: Wired, context: RequestContext, id: string): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    const ended = await endLinks(tx, { account: context.caller.id, id }, parts.clock.now())
    if (ended.length === 0) throw new Problem('resource.unknown', 'There is no such link.')
    const target = { kind: 'upstream-link', id }
    await parts.audit.record(
      tx,
      eventOf(context, 'upstream.unlinked', { target, details: { reason: 'own' } }),
    )
  })
}

async function refuse(
  { db, audit }: Wired,
  context: RequestContext,
  connection: ConnectionRow | null,
  reason: RefusalReason,
  linking: boolean,
): Promise<Returned> {
  const details = { reason, purpose: linking ? 'link' : 'sign-in' }
  const about = { tenant: connection?.workspace_id ?? null, outcome: 'refused', details } as const
  await db.transaction().execute((tx) => audit.record(tx, eventOf(context, 'sign-in.upstream-tried', about)))
  return { refused: reason, linking }
}
