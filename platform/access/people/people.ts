import { PROVIDER } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailIndex, openFace } from '../accounts/accounts.ts'
import { accountByEmail, accountById } from '../accounts/queries.ts'
import { endKeys } from '../api-keys/api-keys.ts'
import { invitationLetter } from '../letters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { mayGiveRole } from '../roles/roles.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { setStaffRole, staffMembers, workspacesOf } from '../workspaces/queries.ts'
import { invitedField, storeInvitation, type MadeLink } from './links.ts'
import {
  deleteMember,
  lockStaffRole,
  lockWorkspace,
  members,
  openInvitations,
  ownerCount,
  roleIn,
  updateRole,
  voidInvitations,
} from './queries.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'origin' | 'post'> & {
  readonly sessions: Sessions
}

/** The people of the caller's workspace and the provider's staff. Nobody changes their own role. Policy 3.2-0. */
export function openPeople(parts: Parts) {
  return {
    list: (context: RequestContext) => listPeople(parts, workspaceOf(context)),
    invite: (
      context: RequestContext,
      wanted: { readonly email: string; readonly role: WorkspaceRole },
    ): Promise<MadeLink> => invite(parts, context, wanted),
    withdrawInvitation: (context: RequestContext, id: string): Promise<void> =>
      parts.db.transaction().execute(async (tx) => {
        const withdrawn = await voidInvitations(tx, workspaceOf(context), { id }, parts.clock.now())
        if (withdrawn === 0) throw new Problem('resource.unknown', 'There is no such open invitation.')
        await parts.audit.record(tx, eventOf(context, 'link.withdrawn', { target: { kind: 'link', id } }))
      }),
    changeRole: (context: RequestContext, account: string, role: WorkspaceRole) =>
      changeRole(parts, context, account, role),
    remove: (context: RequestContext, account: string) => remove(parts, context, account),
    listStaff: async () =>
      Promise.all(
        (await staffMembers(parts.db)).map(async (row) => ({
          ...(await openFace(parts, row)),
          role: row.role as StaffRole,
        })),
      ),
    changeStaffRole: (context: RequestContext, account: string, role: StaffRole | null) =>
      changeStaffRole(parts, context, account, role),
  }
}

/** The workspace that the caller acts in. Throws `resource.conflict` without one. */
export function workspaceOf({ caller }: RequestContext): string {
  if (caller.workspaceId === null) throw new Problem('resource.conflict', 'Choose a workspace first.')
  return caller.workspaceId
}

async function listPeople(parts: Parts, workspace: string) {
  const { db, clock, keys } = parts
  const people = await members(db, workspace)
  const invitations = await openInvitations(db, workspace, clock.now())
  return {
    members: await Promise.all(
      people.map(async (row) => ({
        ...(await openFace(parts, row)),
        role: row.role as WorkspaceRole,
        since: row.created_at.toISOString(),
        secondFactors: row.factors ?? 0,
      })),
    ),
    invitations: await Promise.all(
      invitations.filter(stillGiven).map(async (row) => ({
        id: row.id,
        email: row.email === null ? '' : await keys.openText(PROVIDER, invitedField(row.id), row.email),
        role: row.role as WorkspaceRole,
        expiresAt: row.expires_at.toISOString(),
      })),
    ),
  }
}

/** Whether whoever made an invitation may still make it. */
function stillGiven(row: {
  readonly made_by: string | null
  readonly maker_role: string | null
  readonly role: string | null
}): boolean {
  const maker = row.made_by === null ? 'owner' : (row.maker_role as WorkspaceRole | null)
  return mayGiveRole(maker ?? undefined, row.role as WorkspaceRole)
}

/**
 * Holds the workspace, reads both roles afresh and lets only an owner make, change or remove an owner; returns the
 * present role of the other person.
 */
async function requirePower(
  tx: Database,
  context: RequestContext,
  workspace: string,
  over: { readonly account?: string; readonly next: WorkspaceRole | null },
): Promise<WorkspaceRole | undefined> {
  if (!(await lockWorkspace(tx, workspace)))
    throw new Problem('resource.unknown', 'The workspace was removed.')
  const own = await roleIn(tx, workspace, context.caller.id)
  const present = over.account === undefined ? undefined : await roleIn(tx, workspace, over.account)
  const needsOwner = present === 'owner' || over.next === 'owner'
  if (!mayGiveRole(own, needsOwner ? 'owner' : 'agent'))
    throw new Problem(
      'access.denied',
      needsOwner ? 'Only an owner can do this.' : 'Your role does not allow this.',
    )
  return present
}

async function invite(
  parts: Parts,
  context: RequestContext,
  wanted: { readonly email: string; readonly role: WorkspaceRole },
): Promise<MadeLink> {
  const { db, keys } = parts
  const workspace = workspaceOf(context)
  const index = await emailIndex(keys, wanted.email)
  return db.transaction().execute(async (tx) => {
    await requirePower(tx, context, workspace, { next: wanted.role })
    const known = await accountByEmail(tx, index)
    if (known !== undefined && (await roleIn(tx, workspace, known.id)) !== undefined)
      throw new Problem('resource.conflict', 'This person is a member already.')
    const made = await storeInvitation(parts, tx, context, { workspace, ...wanted })
    await parts.post.letter(tx, invitationLetter(parts, wanted.email, made.link))
    return made
  })
}

async function changeRole(
  { db, audit }: Parts,
  context: RequestContext,
  account: string,
  role: WorkspaceRole,
): Promise<void> {
  const workspace = workspaceOf(context)
  if (account === context.caller.id) throw new Problem('access.denied', 'Nobody changes their own role.')
  await db.transaction().execute(async (tx) => {
    const before = await requirePower(tx, context, workspace, { account, next: role })
    const present = await requireNotLastOwner(tx, workspace, before, role)
    await updateRole(tx, workspace, account, role)
    const target = { kind: 'account', id: account }
    const details = { before: present, after: role }
    await audit.record(tx, eventOf(context, 'member.role-changed', { target, details }))
  })
}

async function requireNotLastOwner(
  tx: Database,
  workspace: string,
  present: WorkspaceRole | undefined,
  next: WorkspaceRole | null,
): Promise<WorkspaceRole> {
  if (present === undefined) throw new Problem('resource.unknown', 'This person is not a member.')
  if (present === 'owner' && next !== 'owner' && (await ownerCount(tx, workspace)) <= 1)
    throw new Problem('access.last-owner', 'Make somebody else an owner first.')
  return present
}

/** Removes a member; sessions in the workspace and keys made for it end in the same transaction. */
async function remove(parts: Parts, context: RequestContext, account: string): Promise<void> {
  const { db, audit, sessions } = parts
  const workspace = workspaceOf(context)
  await db.transaction().execute(async (tx) => {
    const before = await requirePower(tx, context, workspace, { account, next: null })
    const present = await requireNotLastOwner(tx, workspace, before, null)
    await deleteMember(tx, workspace, account)
    const elsewhere =
      (await workspacesOf(tx, account)).length > 0 || (await lockStaffRole(tx, account)) !== undefined
    await sessions.end(tx, context, account, elsewhere ? { workspace } : {}, 'withdrawn')
    await endKeys(parts, tx, context, workspace, { account })
    const target = { kind: 'account', id: account }
    await audit.record(tx, eventOf(context, 'member.removed', { target, details: { role: present } }))
  })
}

async function changeStaffRole(
  parts: Parts,
  context: RequestContext,
  account: string,
  role: StaffRole | null,
): Promise<void> {
  const { db, clock, audit, sessions } = parts
  if (account === context.caller.id) throw new Problem('access.denied', 'Nobody changes their own role.')
  await db.transaction().execute(async (tx) => {
    // Both rows are held in one order, so that two administrators cannot withdraw each other at once.
    const held = new Map<string, string | undefined>()
    for (const id of [account, context.caller.id].sort()) held.set(id, await lockStaffRole(tx, id))
    if (held.get(context.caller.id) !== 'administrator')
      throw new Problem('access.denied', 'Only an administrator can do this.')
    if ((await accountById(tx, account)) === undefined)
      throw new Problem('resource.unknown', 'There is no such account.')
    await setStaffRole(tx, account, role, clock.now())
    if (role === null) await sessions.end(tx, context, account, {}, 'withdrawn')
    const target = { kind: 'account', id: account }
    const details = { before: held.get(account) ?? null, after: role }
    await audit.record(tx, eventOf(context, 'staff.role-changed', { tenant: null, target, details }))
  })
}
