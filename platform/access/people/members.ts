import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { endKeys } from '../api-keys/api-keys.ts'
import { accessChanged } from '../changed.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { giveRole, requireNotLastOwner, takeRole, type RoleWish } from '../roles/grants.ts'
import { jobNamed, mappedRole, requireInMap } from '../roles/map-of-jobs.ts'
import { mayGiveRole, requirePower } from '../roles/power.ts'
import { heldRole, updateJob, type HeldRole } from '../roles/queries.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { workspacesOf } from '../workspaces/queries.ts'
import { lockStaffRole, membersSignedIn, setSuspended } from './queries.ts'
import { workspaceOf } from './workspace-of.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'> & { readonly sessions: Sessions }

/** Another role for a member. */
export type RoleChange = Pick<RoleWish, 'jobFunction' | 'exception' | 'reason'> & {
  readonly role: WorkspaceRole
}

function requireAnother({ caller }: RequestContext, account: string): void {
  if (account === caller.id) throw new Problem('access.denied', 'Nobody changes their own role.')
}

function requireMember(present: HeldRole | undefined): HeldRole {
  if (present === undefined) throw new Problem('resource.unknown', 'This person is not a member.')
  return present
}

/** Gives a member of the caller's workspace another role. Nobody changes their own role. Policy 3.2-a. */
export async function changeRole(
  parts: Parts,
  context: RequestContext,
  account: string,
  change: RoleChange,
): Promise<void> {
  const workspace = workspaceOf(context)
  requireAnother(context, account)
  await parts.db.transaction().execute(async (tx) => {
    const over = { account, next: change.role }
    requireMember(await requirePower(tx, context, workspace, over, parts.clock.now()))
    await giveRole(parts, tx, context, { ...change, account, workspace, via: 'console' })
  })
}

/**
 * Writes down what work a member does. By a personnel system (`scim`) somebody who moves to work that the role is not
 * for loses what the role allows at once; by hand the role is changed in the same step instead. Policy 3.2-a.
 */
export async function setJobFunction(
  { clock, audit }: Pick<Parts, 'clock' | 'audit'>,
  tx: Parameters<typeof giveRole>[1],
  context: RequestContext,
  wanted: {
    readonly account: string
    readonly workspace: string
    /** A kind of work of the workspace's list, or the title that a personnel system knows. */
    readonly title: string
    readonly via: 'console' | 'scim'
  },
  present: HeldRole,
): Promise<void> {
  const { account, workspace, title, via } = wanted
  const job = await jobNamed(tx, workspace, title)
  if (job === null && via === 'console')
    throw new Problem('resource.unknown', 'The workspace knows no such kind of work.')
  if (job === present.jobFunction) return
  // An owner answers for everything and stays one whatever a personnel system says.
  if (present.role === 'owner' && via === 'scim') return
  const role = await mappedRole(tx, workspace, present.role)
  const fits = job !== null && role.jobs.includes(job)
  if (via === 'console') requireInMap(role, job)
  const ends = !fits && (present.until === null || clock.now() < present.until)
  await updateJob(tx, workspace, account, {
    job_function: job,
    ...(ends ? { role_until: clock.now() } : {}),
  })
  await accessChanged(tx, { account })
  const target = { kind: 'account', id: account }
  const details = { before: present.jobFunction, after: job, via, roleEnded: ends }
  await audit.record(tx, eventOf(context, 'member.job-changed', { tenant: workspace, target, details }))
}

/** Changes what work a member of the caller's workspace does. */
export async function changeJob(
  parts: Parts,
  context: RequestContext,
  account: string,
  title: string,
): Promise<void> {
  const workspace = workspaceOf(context)
  requireAnother(context, account)
  await parts.db.transaction().execute(async (tx) => {
    const power = await requirePower(tx, context, workspace, { account, next: null }, parts.clock.now())
    const present = requireMember(power)
    await setJobFunction(parts, tx, context, { account, workspace, title, via: 'console' }, present)
  })
}

/** Removes a member; sessions in the workspace and keys made for it end in the same transaction. */
export async function removeMember(parts: Parts, context: RequestContext, account: string): Promise<void> {
  const { db, clock, sessions } = parts
  const workspace = workspaceOf(context)
  await db.transaction().execute(async (tx) => {
    requireMember(await requirePower(tx, context, workspace, { account, next: null }, clock.now()))
    await takeRole(parts, tx, context, { account, workspace, via: 'console' })
    const elsewhere =
      (await workspacesOf(tx, account)).length > 0 || (await lockStaffRole(tx, account)) !== undefined
    await sessions.end(tx, context, account, elsewhere ? { workspace } : {}, 'withdrawn')
    await endKeys(parts, tx, context, workspace, { account })
  })
}

/** Suspends a member, whose sessions and keys end, or lets a suspended one in again; the place stays. Policy 3.2-c. */
export async function suspendMember(
  parts: Parts,
  context: RequestContext,
  account: string,
  suspended: boolean,
): Promise<void> {
  const { db, clock, audit, sessions } = parts
  const workspace = workspaceOf(context)
  requireAnother(context, account)
  await db.transaction().execute(async (tx) => {
    const power = await requirePower(tx, context, workspace, { account, next: null }, clock.now())
    const present = requireMember(power)
    if ((present.suspendedAt !== null) === suspended) return
    if (suspended) await requireNotLastOwner(tx, workspace, present, null)
    await setSuspended(tx, workspace, account, suspended ? clock.now() : null)
    if (suspended) {
      await sessions.end(tx, context, account, { workspace }, 'withdrawn')
      await endKeys(parts, tx, context, workspace, { account })
    }
    await accessChanged(tx, { account })
    const target = { kind: 'account', id: account }
    await audit.record(tx, eventOf(context, suspended ? 'member.suspended' : 'member.resumed', { target }))
  })
}

/** Ends the sessions of a member in the workspace; the person signs in again. Returns how many. Policy 3.4-c. */
export async function endMemberSessions(
  { db, clock, audit, sessions }: Parts,
  context: RequestContext,
  account: string,
): Promise<number> {
  const workspace = workspaceOf(context)
  return db.transaction().execute(async (tx) => {
    requireMember(await requirePower(tx, context, workspace, { account, next: null }, clock.now()))
    const ended = await sessions.end(tx, context, account, { workspace }, 'withdrawn')
    const target = { kind: 'account', id: account }
    await audit.record(tx, eventOf(context, 'member.signed-out', { target, details: { sessions: ended } }))
    return ended
  })
}

/**
 * Ends the sessions of everybody else in the workspace over whom the caller has power; owners stay signed in unless an
 * owner asks. Policy 3.4-c.
 */
export async function endOtherSessions(
  { db, clock, audit, sessions }: Parts,
  context: RequestContext,
): Promise<{ readonly people: number; readonly sessions: number }> {
  const workspace = workspaceOf(context)
  return db.transaction().execute(async (tx) => {
    await requirePower(tx, context, workspace, { next: null }, clock.now())
    const own = await heldRole(tx, workspace, context.caller.id)
    const done = { people: 0, sessions: 0 }
    for (const account of await membersSignedIn(tx, workspace, context.caller.id)) {
      const held = await heldRole(tx, workspace, account)
      if (held === undefined || !mayGiveRole(own, held, clock.now())) continue
      done.people += 1
      done.sessions += await sessions.end(tx, context, account, { workspace }, 'withdrawn')
    }
    const target = { kind: 'workspace', id: workspace }
    await audit.record(tx, eventOf(context, 'workspace.signed-out', { target, details: done }))
    return done
  })
}

/** Makes another member an owner and the caller, an owner until then, an administrator, in one step. Policy 3.2-a. */
export async function handOver(parts: Parts, context: RequestContext, to: string): Promise<void> {
  const { db, clock, audit } = parts
  const workspace = workspaceOf(context)
  const { id: account } = context.caller
  requireAnother(context, to)
  await db.transaction().execute(async (tx) => {
    const next = { account: to, next: 'owner' }
    const present = requireMember(await requirePower(tx, context, workspace, next, clock.now()))
    if (present.suspendedAt !== null) throw new Problem('resource.conflict', 'This person is suspended.')
    const jobFunction = 'management'
    const via = 'console'
    await giveRole(parts, tx, context, { account: to, workspace, role: 'owner', jobFunction, via })
    await giveRole(parts, tx, context, { account, workspace, role: 'admin', via })
    const target = { kind: 'account', id: to }
    await audit.record(tx, eventOf(context, 'workspace.handed-over', { target }))
  })
}
