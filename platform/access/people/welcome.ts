import { PROVIDER, type LookUp } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, secretHash } from '../../kernel/secret.ts'
import { emailLookUp, forgetPerson, prepareAccount, type PreparedAccount } from '../accounts/accounts.ts'
import { accountByEmail, accountById, deleteAccount, insertAccount, reopenWith } from '../accounts/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { requireSettable } from '../passwords/new-password.ts'
import { giveRole, giveStaffRole } from '../roles/grants.ts'
import { heldRole } from '../roles/queries.ts'
import { setSessionWorkspace } from '../sessions/queries.ts'
import { isAssertedOnly } from '../sign-in/asserted.ts'
import { stepUpNeeded } from '../factors/freshness.ts'
import { administrators, clearWorkspace, workspacesOf } from '../workspaces/queries.ts'
import { joinSampleWorkspaces, prepareWorkspace } from '../workspaces/workspaces.ts'
import { invitedField, type LinkToken } from './links.ts'
import { joinDirectory } from '../provisioning/joining.ts'
import { stillGiven } from './people.ts'
import { lockFirstLinks, lockWorkspace, ownerCount, usableLink, useLink } from './queries.ts'

/** What a person fills in behind a link; `email` and `workspaceName` only behind the first one. */
export interface Welcome {
  readonly token: string
  readonly name: string
  readonly password: string
  readonly email?: string | undefined
  readonly workspaceName?: string | undefined
}

type Parts = AccessParts
type Link = NonNullable<Awaited<ReturnType<typeof usableLink>>>

/**
 * Redeems a link: makes the account, with the workspace and the administrator's role behind the first one, and tells
 * where its session begins. Of two at once one wins. Throws `access.link-expired`, `access.password-weak`,
 * `access.password-breached`, `resource.conflict`.
 */
export async function redeem(
  parts: Parts,
  context: RequestContext,
  welcome: Welcome,
): Promise<{ readonly account: string; readonly workspace: string }> {
  const link = await findLink(parts, context, asSecret(welcome.token))
  const email =
    link.email === null
      ? welcome.email
      : await parts.keys.openText(PROVIDER, invitedField(link.id), link.email)
  if (email === undefined)
    throw new Problem('request.invalid', 'email: the first administrator gives an address.')
  const settable = await requireSettable(parts, welcome.password, { email, name: welcome.name })
  const breachCheckedAt = settable.columns.breach_checked_at
  const account = await prepareAccount(parts, { ...welcome, email, probe: link.probe, breachCheckedAt })
  if (link.kind === 'return') {
    const back = await comeBack(parts, context, link, account)
    settable.recheckLater(back.account, account.password_hash)
    return back
  }
  const workspace =
    link.kind === 'invitation'
      ? await joinInvited(parts, context, link, account)
      : await becomeFirst(parts, context, link, account, welcome.workspaceName ?? 'Workspace')
  settable.recheckLater(account.id, account.password_hash)
  return { account: account.id, workspace }
}

/** What a link is for, without using it up; throws `access.link-expired` before anybody fills in a form in vain. */
export async function linkKind(parts: Parts, context: RequestContext, token: string): Promise<Link['kind']> {
  return (await findLink(parts, context, asSecret(token))).kind
}

/** Joins the workspace of an invitation with the account that the caller is signed in with; it must be the invited one. */
export async function accept(parts: Parts, context: RequestContext, token: string): Promise<string> {
  const link = await findLink(parts, context, asSecret(token))
  const invited = await invitedLookUp(parts, link)
  const { id, sessionId, factors } = context.caller
  // Policy 3.1-0: whoever came on the word of another workspace's provider proves a factor of ours first.
  if (isAssertedOnly(factors)) throw stepUpNeeded()
  const account = await accountById(parts.db, id)
  const own = invited?.some((one) => account?.email_index.equals(one) === true) === true
  if (account === undefined || !own || link.kind !== 'invitation')
    throw new Problem('access.denied', 'This invitation is for another address.')
  return parts.db.transaction().execute(async (tx) => {
    const workspace = await takeInvitation(parts, tx, link)
    if ((await heldRole(tx, workspace, id)) !== undefined)
      throw new Problem('resource.conflict', 'You are a member of this workspace already.')
    await join(parts, tx, context, link, id)
    if (sessionId !== null) await setSessionWorkspace(tx, sessionId, workspace)
    return workspace
  })
}

/** By what the account of the invited address is looked up; null for a link to nobody. */
async function invitedLookUp({ keys }: Parts, { id, email }: Link): Promise<LookUp | null> {
  return email === null ? null : emailLookUp(keys, await keys.openText(PROVIDER, invitedField(id), email))
}

async function findLink(
  { db, clock, audit }: Parts,
  context: RequestContext,
  token: LinkToken,
): Promise<Link> {
  const link = await usableLink(db, secretHash(token), clock.now())
  if (link !== undefined) return link
  await db
    .transaction()
    .execute((tx) => audit.record(tx, eventOf(context, 'link.refused', { outcome: 'refused' })))
  throw expired()
}

function expired(): Problem {
  return new Problem('access.link-expired', 'Ask for a new link: each one is good once, for one day.')
}

async function joinInvited(
  parts: Parts,
  context: RequestContext,
  link: Link,
  account: PreparedAccount,
): Promise<string> {
  return parts.db.transaction().execute(async (tx) => {
    const workspace = await takeInvitation(parts, tx, link)
    await storeAccount(tx, account)
    await join(parts, tx, context, link, account.id)
    return workspace
  })
}

/** Somebody whose account was closed and is open again chooses a new password; a second factor comes next. Policy 3.2-c. */
async function comeBack(
  { db, clock, audit }: Parts,
  context: RequestContext,
  link: Link,
  { password_hash, pepper_version, password_set_at, breach_checked_at }: PreparedAccount,
): Promise<{ readonly account: string; readonly workspace: string }> {
  const { account_id: account, workspace_id: workspace } = link
  if (account === null || workspace === null) throw new Error('a link back names nobody')
  await db.transaction().execute(async (tx) => {
    if (!(await useLink(tx, link.id, clock.now()))) throw expired()
    const held = await heldRole(tx, workspace, account)
    const breachCheck = breach_checked_at === undefined ? {} : { breach_checked_at }
    // The link came by letter, as the one of a reset does: a reset from before keeps nobody from a new factor.
    const anew = { enrol_by_link: false, enrol_session_id: null }
    const secrets = { password_hash, pepper_version, password_set_at, ...anew, ...breachCheck }
    if (held === undefined || held.suspendedAt !== null || !(await reopenWith(tx, account, secrets)))
      throw expired()
    const target = { kind: 'account', id: account }
    const about = { tenant: workspace, target, details: { kind: link.kind } }
    await audit.record(tx, eventOf(context, 'link.redeemed', about))
  })
  return { account, workspace }
}

async function takeInvitation({ clock }: Parts, tx: Database, link: Link): Promise<string> {
  if (link.workspace_id === null || !(await lockWorkspace(tx, link.workspace_id))) throw expired()
  // An invitation is worth what its maker may still give; nobody leaves a way back behind. Policy 3.2-0.
  if (!(await stillGiven({ clock }, tx, link))) throw expired()
  if (!(await useLink(tx, link.id, clock.now()))) throw expired()
  return link.workspace_id
}

async function join(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  link: Link,
  account: string,
): Promise<void> {
  if (link.workspace_id === null || link.role === null) throw new Error('an invitation names no workspace')
  const role = link.role as WorkspaceRole
  await giveRole(parts, tx, context, {
    account,
    workspace: link.workspace_id,
    role,
    via: 'invitation',
    jobFunction: link.job_function ?? undefined,
    grantor: link.made_by === null ? { kind: 'operator', id: '' } : { kind: 'account', id: link.made_by },
  })
  const target = { kind: 'account', id: account }
  const details = { kind: link.kind, role }
  const about = { tenant: link.workspace_id, target, details }
  await parts.audit.record(tx, eventOf(context, 'link.redeemed', about))
  const lookUp = await invitedLookUp(parts, link)
  if (lookUp !== null)
    await joinDirectory(parts, tx, context, { workspace: link.workspace_id, account, emailLookUp: lookUp })
}

async function storeAccount(tx: Database, account: PreparedAccount): Promise<void> {
  if (!(await insertAccount(tx, account)))
    throw new Problem(
      'resource.conflict',
      'This address has an account. Sign in first, then open the link again.',
    )
}

async function becomeFirst(
  parts: Parts,
  context: RequestContext,
  link: Link,
  account: PreparedAccount,
  workspaceName: string,
): Promise<string> {
  const { db, clock, audit } = parts
  const workspace = await prepareWorkspace(parts, workspaceName)
  return db.transaction().execute(async (tx) => {
    await lockFirstLinks(tx)
    const before = await administrators(tx)
    if (before.some((one) => one.complete) || !(await useLink(tx, link.id, clock.now()))) throw expired()
    for (const unfinished of before) await discardUnfinished(parts, tx, unfinished.id)
    if ((await accountByEmail(tx, account.email_index)) !== undefined)
      throw new Problem('resource.conflict', 'This address has an account already.')
    await storeAccount(tx, account)
    await workspace.store(tx, context, account.id)
    await giveStaffRole(parts, tx, context, {
      account: account.id,
      role: 'administrator',
      via: 'founding',
      grantor: { kind: 'system', id: '' },
    })
    await joinSampleWorkspaces(tx, account.id, clock.now())
    const target = { kind: 'account', id: account.id }
    const about = { tenant: workspace.id, target, details: { kind: link.kind, role: 'administrator' } }
    await audit.record(tx, eventOf(context, 'link.redeemed', about))
    return workspace.id
  })
}

/** A first administrator who never set up a second factor makes room for the next one. */
async function discardUnfinished({ clock, keys }: Parts, tx: Database, account: string): Promise<void> {
  for (const { id, role } of await workspacesOf(tx, account)) {
    if (role !== 'owner' || (await ownerCount(tx, id)) > 1) continue
    await clearWorkspace(tx, id, clock.now())
    await keys.destroy(tx, id)
  }
  await deleteAccount(tx, account)
  await forgetPerson({ keys }, tx, account)
}
