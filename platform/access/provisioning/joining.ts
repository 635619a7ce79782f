import type { Database } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { storeInvitation } from '../people/links.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { giveRole } from '../roles/grants.ts'
import { mappedRole } from '../roles/map-of-jobs.ts'
import { mayGiveRole, mayProvision } from '../roles/power.ts'
import { heldRole } from '../roles/queries.ts'
import { PROBE_WORKSPACE } from '../controls/queries.ts'
import { groupsOf, updateUser, waitingUser } from './queries.ts'

/** The role of somebody whom no group gives another one. */
const DEFAULT_ROLE: WorkspaceRole = 'agent'
/** Of several groups the one counts that gives most; roles of the workspace's own come between. */
const ORDER = ['admin', 'own', 'agent', 'auditor']

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'origin' | 'post'>

/** The role that the groups of a person give. Policy 3.2-a. */
async function roleByGroups(tx: Database, user: string): Promise<WorkspaceRole> {
  const roles = (await groupsOf(tx, [user])).flatMap((one) => (one.role === null ? [] : [one.role]))
  const place = (role: string): number => ORDER.indexOf(ORDER.includes(role) ? role : 'own')
  return (roles.toSorted((a, b) => place(a) - place(b))[0] as WorkspaceRole | undefined) ?? DEFAULT_ROLE
}

/**
 * Gives the account of a person the role of the person's groups. Owners keep theirs: only an owner makes one and unmakes
 * one. Throws what `giveRole` refuses, such as duties kept apart. Policy 3.2-a.
 */
export async function applyGroupRole(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  workspace: string,
  user: { readonly id: string; readonly account: string },
): Promise<void> {
  const held = await heldRole(tx, workspace, user.account)
  if (held === undefined || held.role === 'owner') return
  const role = await roleByGroups(tx, user.id)
  if (role === held.role) return
  await giveRole(parts, tx, context, {
    account: user.account,
    workspace,
    role,
    via: 'scim',
    jobFunction: (await mappedRole(tx, workspace, role)).jobs[0],
  })
}

/**
 * Joins whoever just became a member with the person of the workspace's directory who has this address: the invitation
 * was accepted, so the directory may manage the membership from now on, and never the account.
 */
export async function joinDirectory(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  member: { readonly workspace: string; readonly account: string; readonly emailLookUp: LookUp },
): Promise<void> {
  const id = await waitingUser(tx, member.workspace, member.emailLookUp)
  if (id === undefined) return
  await updateUser(tx, id, { account_id: member.account })
  const target = { kind: 'directory-user', id }
  const about = { tenant: member.workspace, target, details: { account: member.account } }
  await parts.audit.record(tx, eventOf(context, 'directory.user-joined', about))
  await applyGroupRole(parts, tx, context, member.workspace, { id, account: member.account })
}

/** Invites a person of the directory by letter; whoever has an account already joins with it by accepting. */
export async function inviteByLetter(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  person: {
    readonly workspace: string
    readonly user: string | null
    readonly email: string
    /** Who connected the program that invites; the invitation is worth what this person may give. */
    readonly maker: string | null
  },
): Promise<void> {
  const { workspace, user, email, maker } = person
  const role = user === null ? DEFAULT_ROLE : await roleByGroups(tx, user)
  const probe = workspace === PROBE_WORKSPACE
  const made = await storeInvitation(parts, tx, context, { workspace, email, role, probe, maker })
  await parts.post.letter(tx, {
    to: email,
    subject: 'You are invited to a workspace',
    text: [
      'The administrators of a workspace gave your organisation’s directory this address, and invite you to join.',
      '',
      made.link,
      '',
      'The link is good once, for one day. If you have an account already, sign in first and open it again.',
      'If you did not expect this, ignore this letter: nothing changes without the link.',
    ].join('\n'),
    kind: 'directory-invitation',
    account: null,
  })
}

/** Throws 403 when a directory would suspend an owner whom its maker could not remove. Policy 3.2-0. */
export async function requirePowerOver(
  tx: Database,
  workspace: string,
  account: string,
  maker: string | null,
): Promise<void> {
  const held = await heldRole(tx, workspace, account)
  if (held?.role !== 'owner' || maker === null) return
  const own = await heldRole(tx, workspace, maker)
  if (own?.role !== 'owner' || own.suspendedAt !== null)
    throw new Problem('access.denied', 'Only an owner’s token suspends an owner.')
}

/** Throws 403 when somebody would let a group give a role that they may not give. Policy 3.2-0. */
export async function requirePowerToMap(
  { db, clock }: Pick<AccessParts, 'db' | 'clock'>,
  workspace: string,
  account: string,
  role: WorkspaceRole | null,
): Promise<void> {
  const own = await heldRole(db, workspace, account)
  const allowed =
    mayProvision(own, clock.now()) &&
    (role === null || mayGiveRole(own, await mappedRole(db, workspace, role), clock.now()))
  if (!allowed) throw new Problem('access.denied', 'Your role does not allow this.')
}

/** Throws 403 when whoever asks may not let a program give and take roles. Policy 3.2-a. */
export async function requireMayProvision(
  { clock }: Pick<AccessParts, 'clock'>,
  db: Database,
  workspace: string,
  { caller }: RequestContext,
): Promise<void> {
  if (!mayProvision(await heldRole(db, workspace, caller.id), clock.now()))
    throw new Problem('access.denied', 'Only who may give every role but an owner’s connects a directory.')
}
