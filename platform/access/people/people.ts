import { PROVIDER } from '../../encryption/index.ts'
import { asTenant, type Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailLookUp, openFace } from '../accounts/accounts.ts'
import { accountByEmail } from '../accounts/queries.ts'
import { invitationLetter } from '../letters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { jobNamed, mappedRole, requireInMap } from '../roles/map-of-jobs.ts'
import { mayGiveRole, requirePower } from '../roles/power.ts'
import { heldRole } from '../roles/queries.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { invitedField, storeInvitation, type MadeLink } from './links.ts'
import {
  changeJob,
  changeRole,
  endMemberSessions,
  endOtherSessions,
  handOver,
  removeMember,
  suspendMember,
  type RoleChange,
} from './members.ts'
import { factorCounts, members, openInvitations, voidInvitations } from './queries.ts'
import { changeStaffRole, listStaff } from './staff.ts'
import { workspaceOf } from './workspace-of.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'origin' | 'post'> & {
  readonly sessions: Sessions
}

/** Somebody who is asked to join. */
export interface Invitation {
  readonly email: string
  readonly role: WorkspaceRole
  /** The work that the person will do; else the usual one for the role. */
  readonly jobFunction?: string | undefined
}

/** The people of the caller's workspace and the provider's staff. Nobody changes their own role. Policy 3.2-0. */
export function openPeople(parts: Parts) {
  return {
    list: (context: RequestContext) => listPeople(parts, workspaceOf(context)),
    invite: (context: RequestContext, wanted: Invitation): Promise<MadeLink> =>
      invite(parts, context, wanted),
    withdrawInvitation: (context: RequestContext, id: string): Promise<void> =>
      asTenant(parts.db, workspaceOf(context), async (tx) => {
        const withdrawn = await voidInvitations(tx, workspaceOf(context), { id }, parts.clock.now())
        if (withdrawn === 0) throw new Problem('resource.unknown', 'There is no such open invitation.')
        await parts.audit.record(tx, eventOf(context, 'link.withdrawn', { target: { kind: 'link', id } }))
      }),
    changeRole: (context: RequestContext, account: string, change: WorkspaceRole | RoleChange) =>
      changeRole(parts, context, account, typeof change === 'string' ? { role: change } : change),
    changeJob: (context: RequestContext, account: string, jobFunction: string) =>
      changeJob(parts, context, account, jobFunction),
    remove: (context: RequestContext, account: string) => removeMember(parts, context, account),
    suspend: (context: RequestContext, account: string) => suspendMember(parts, context, account, true),
    resume: (context: RequestContext, account: string) => suspendMember(parts, context, account, false),
    endSessions: (context: RequestContext, account: string) => endMemberSessions(parts, context, account),
    endOtherSessions: (context: RequestContext) => endOtherSessions(parts, context),
    handOver: (context: RequestContext, to: string) => handOver(parts, context, to),
    listStaff: () => listStaff(parts),
    changeStaffRole: (
      context: RequestContext,
      account: string,
      role: StaffRole | null,
      jobFunction?: string,
    ): Promise<void> => changeStaffRole(parts, context, account, role, jobFunction),
  }
}

export { workspaceOf } from './workspace-of.ts'

async function listPeople(parts: Parts, workspace: string) {
  const { db, clock, keys } = parts
  const { people, standing } = await asTenant(db, workspace, async (tx) => {
    const invitations = await openInvitations(tx, workspace, clock.now())
    const given = await Promise.all(invitations.map((one) => stillGiven(parts, tx, one)))
    return { people: await members(tx, workspace), standing: invitations.filter((_, at) => given[at]) }
  })
  // What people sign in with belongs to no workspace, so it is counted outside the wall, for these people alone.
  const factors = await factorCounts(
    db,
    people.map(({ id }) => id),
  )
  return {
    members: await Promise.all(
      people.map(async (row) => ({
        ...(await openFace(parts, row)),
        role: row.role as WorkspaceRole,
        jobFunction: row.job_function,
        /** From then on the role allows nothing: it was given by an exception. */
        roleUntil: row.role_until?.toISOString() ?? null,
        suspendedAt: row.suspended_at?.toISOString() ?? null,
        since: row.created_at.toISOString(),
        secondFactors: factors.get(row.id) ?? 0,
      })),
    ),
    invitations: await Promise.all(
      standing.map(async (row) => ({
        id: row.id,
        email: row.email === null ? '' : await keys.openText(PROVIDER, invitedField(row.id), row.email),
        role: row.role as WorkspaceRole,
        jobFunction: row.job_function,
        expiresAt: row.expires_at.toISOString(),
      })),
    ),
  }
}

/** Whether whoever made an invitation may still make it. Policy 3.2-a. */
export async function stillGiven(
  { clock }: Pick<Parts, 'clock'>,
  db: Database,
  link: {
    readonly made_by: string | null
    readonly workspace_id: string | null
    readonly role: string | null
  },
): Promise<boolean> {
  if (link.workspace_id === null || link.role === null) return false
  // The machine itself made it.
  if (link.made_by === null) return true
  const maker = await heldRole(db, link.workspace_id, link.made_by)
  return mayGiveRole(maker, await mappedRole(db, link.workspace_id, link.role), clock.now())
}

async function invite(parts: Parts, context: RequestContext, wanted: Invitation): Promise<MadeLink> {
  const { db, keys } = parts
  const workspace = workspaceOf(context)
  const lookUp = await emailLookUp(keys, wanted.email)
  return db.transaction().execute(async (tx) => {
    await requirePower(tx, context, workspace, { next: wanted.role }, parts.clock.now())
    const role = await mappedRole(tx, workspace, wanted.role)
    const job = wanted.jobFunction === undefined ? null : await jobNamed(tx, workspace, wanted.jobFunction)
    if (wanted.jobFunction !== undefined) requireInMap(role, job)
    const known = await accountByEmail(tx, lookUp)
    if (known !== undefined && (await heldRole(tx, workspace, known.id)) !== undefined)
      throw new Problem('resource.conflict', 'This person is a member already.')
    const made = await storeInvitation(parts, tx, context, {
      workspace,
      email: wanted.email,
      role: role.role,
      jobFunction: job,
    })
    await parts.post.letter(tx, invitationLetter(parts, wanted.email, made.link))
    return made
  })
}
