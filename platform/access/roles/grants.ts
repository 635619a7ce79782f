import type { FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsBetween } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import type { StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { accessChanged } from '../changed.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { deleteMember, lockWorkspace, ownerCount } from '../people/queries.ts'
import { endAssertedSessions } from '../sessions/asserted-queries.ts'
import { insertMember, setStaffRole } from '../workspaces/queries.ts'
import { requireDutiesApart } from './duties.ts'
import { jobNamed, mappedRole, requireInMap, staffJob, type MappedRole } from './map-of-jobs.ts'
import {
  endGrant,
  endOverdueGrants,
  heldRole,
  insertGrant,
  putMember,
  staffOf,
  type HeldRole,
} from './queries.ts'
import { bitsOfRole, bitsOfStaffRole } from './rights.ts'

/** The way by which a role was given or taken. */
export type GrantWay = 'founding' | 'invitation' | 'console' | 'scim' | 'review' | 'leaver'

/** A role outside the map of jobs lasts this long at most, in seconds. */
export const EXCEPTION_SECONDS_MAX = 90 * DAY

/** What giving and taking roles needs. */
export type GrantParts = Pick<AccessParts, 'clock' | 'keys' | 'audit'>

/** A role that somebody is to have. */
export interface RoleWish {
  readonly account: string
  readonly workspace: string
  readonly role: WorkspaceRole
  readonly via: GrantWay
  /** The work that the person does from now on; else the present one, or for a new member the role's usual one. */
  readonly jobFunction?: string | undefined
  /** Lets the role stand outside the map of jobs, for a reason and until then; never an owner. */
  readonly exception?: { readonly reason: string; readonly until: Date } | undefined
  /** Why it is given, for the audit log. */
  readonly reason?: string | undefined
  /** Who gives it, when that is not whoever asks: the maker of an invitation. */
  readonly grantor?: { readonly kind: string; readonly id: string } | undefined
}

/** Where the reason of an exception is sealed. */
export function exceptionField(id: string): FieldPlace {
  return { table: 'role_grant', column: 'exception_reason', row: id }
}

/**
 * Gives a role in a workspace, to a new member or instead of the present one, and writes down who gave it by which way.
 * Refused outside the map of jobs, when two duties would meet and when the last owner would go; whether the caller may
 * give roles at all is decided before. Throws `resource.unknown`, `access.outside-map`, `access.duties-apart`,
 * `access.last-owner`, `access.denied`. Policy 3.2-a.
 */
export async function giveRole(
  parts: GrantParts,
  tx: Database,
  context: RequestContext,
  wish: RoleWish,
): Promise<void> {
  const { account, workspace, via } = wish
  if (!(await lockWorkspace(tx, workspace)))
    throw new Problem('resource.unknown', 'The workspace was removed.')
  if (wish.role === 'owner' && via === 'scim')
    throw new Problem('access.denied', 'Only an owner makes an owner.')
  const role = await mappedRole(tx, workspace, wish.role)
  const before = await heldRole(tx, workspace, account)
  if (before !== undefined) await requireNotLastOwner(tx, workspace, before, role.role)
  const job = await jobOf(tx, wish, role, before)
  const until = exceptionEnd(parts, wish, role, job)
  if (until === null) requireInMap(role, job)
  const adds = bitsOfRole(role.role, role.permissions)
  const instead = 'workspace role'
  await requireDutiesApart(parts, tx, { account, workspace, adds, instead, role: role.role })
  const created_at = before?.since ?? parts.clock.now()
  await putMember(tx, {
    account_id: account,
    workspace_id: workspace,
    role: role.role,
    job_function: job,
    role_until: until,
    created_at,
  })
  if (before === undefined) await endAsserted(parts, tx, context, account)
  await writeGrant(parts, tx, context, wish, { role: role.role, job, until })
  await accessChanged(tx, { account })
  await recordGiven(parts, tx, context, wish, { before, role: role.role, job, until })
}

/**
 * The word of one workspace's identity provider is believed while nobody else has anything to lose by it: it opens nothing
 * of another workspace or of the provider. Policy 3.1-0.
 */
async function endAsserted(
  { clock, audit }: Pick<GrantParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  account: string,
): Promise<void> {
  for (const id of await endAssertedSessions(tx, account, clock.now())) {
    const details = { reason: 'withdrawn', account }
    await audit.record(tx, eventOf(context, 'session.ended', { target: { kind: 'session', id }, details }))
  }
}

async function jobOf(
  tx: Database,
  wish: RoleWish,
  role: MappedRole,
  before: HeldRole | undefined,
): Promise<string | null> {
  if (wish.jobFunction === undefined)
    return before === undefined ? (role.jobs[0] ?? null) : before.jobFunction
  const job = await jobNamed(tx, wish.workspace, wish.jobFunction)
  if (job === null) throw new Problem('resource.unknown', 'The workspace knows no such kind of work.')
  return job
}

/** When an exception ends; null for a role inside the map, which needs none. */
function exceptionEnd(
  { clock }: Pick<GrantParts, 'clock'>,
  { exception }: RoleWish,
  role: MappedRole,
  job: string | null,
): Date | null {
  if (exception === undefined || (job !== null && role.jobs.includes(job))) return null
  if (role.role === 'owner') throw new Problem('access.outside-map', 'Nobody is an owner by an exception.')
  const seconds = secondsBetween(clock.now(), exception.until)
  if (seconds <= 0 || seconds > EXCEPTION_SECONDS_MAX)
    throw new Problem('request.invalid', 'exception: it ends in the future, within 90 days.')
  return exception.until
}

async function writeGrant(
  { clock, keys }: GrantParts,
  tx: Database,
  { caller }: RequestContext,
  wish: RoleWish,
  given: { readonly role: WorkspaceRole; readonly job: string | null; readonly until: Date | null },
): Promise<void> {
  const { account, workspace, via, exception } = wish
  const { kind, id: by } = wish.grantor ?? caller
  const at = clock.now()
  const end = { ended_at: at, ended_by_kind: kind, ended_by: by, ended_via: via }
  await endGrant(tx, { account, workspace }, end)
  const id = newId(clock)
  const reason = given.until === null ? undefined : exception?.reason
  await insertGrant(tx, {
    id,
    account_id: account,
    workspace_id: workspace,
    role: given.role,
    job_function: given.job,
    via,
    granted_by_kind: kind,
    granted_by: by,
    granted_at: at,
    exception_reason:
      reason === undefined ? null : await keys.sealText(workspace, exceptionField(id), reason),
    exception_until: given.until,
  })
}

async function recordGiven(
  { audit }: GrantParts,
  tx: Database,
  context: RequestContext,
  { account, workspace, via, reason, exception }: RoleWish,
  what: {
    readonly before: HeldRole | undefined
    readonly role: WorkspaceRole
    readonly job: string | null
    readonly until: Date | null
  },
): Promise<void> {
  const { before, role, job, until } = what
  const details = {
    ...(before === undefined ? {} : { before: before.role }),
    after: role,
    via,
    job,
    ...(until === null ? {} : { until: until.toISOString(), exception: exception?.reason ?? '' }),
    ...(reason === undefined ? {} : { reason }),
  }
  const type = before === undefined ? 'member.added' : 'member.role-changed'
  const target = { kind: 'account', id: account }
  await audit.record(tx, eventOf(context, type, { tenant: workspace, target, details }))
}

/** Writes down that roles given outside the map of jobs have ended; they allow nothing from their moment on. */
export async function endExceptions({
  db,
  clock,
  audit,
}: Pick<AccessParts, 'db' | 'clock' | 'audit'>): Promise<void> {
  const program = { requestId: newId(clock), caller: localProgram('operator', 'worker') }
  const at = clock.now()
  await db.transaction().execute(async (tx) => {
    const end = {
      ended_at: at,
      ended_by_kind: 'system',
      ended_by: 'access.role-exceptions',
      ended_via: 'expiry',
    }
    for (const ended of await endOverdueGrants(tx, end)) {
      const event = eventOf(program, 'role.exception-ended', {
        tenant: ended.workspace_id,
        actor: { kind: 'system', id: 'access.role-exceptions' },
        target: { kind: 'account', id: ended.account_id },
        details: { role: ended.role },
      })
      await audit.record(tx, { ...event, request: null })
    }
  })
}

/** Makes an account the owner of a workspace that was made for it. */
export async function foundOwner(
  { clock }: Pick<GrantParts, 'clock'>,
  tx: Database,
  { account, workspace }: { readonly account: string; readonly workspace: string },
): Promise<void> {
  const at = clock.now()
  await insertMember(tx, { account_id: account, workspace_id: workspace, role: 'owner', created_at: at })
  await insertGrant(tx, {
    id: newId(clock),
    account_id: account,
    workspace_id: workspace,
    role: 'owner',
    job_function: 'management',
    via: 'founding',
    granted_by_kind: 'system',
    granted_by: '',
    granted_at: at,
  })
  await accessChanged(tx, { account })
}

/**
 * Takes the role, and with it the membership; returns what it was. Sessions and keys allow nothing from then on; ending
 * them is the caller's. Throws `resource.unknown`, `access.last-owner`. Policy 3.2-a, 3.2-c.
 */
export async function takeRole(
  { clock, audit }: Pick<GrantParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  wish: Pick<RoleWish, 'account' | 'workspace' | 'via' | 'reason'>,
): Promise<WorkspaceRole> {
  const { account, workspace, via, reason } = wish
  if (!(await lockWorkspace(tx, workspace)))
    throw new Problem('resource.unknown', 'The workspace was removed.')
  const before = await heldRole(tx, workspace, account)
  if (before === undefined) throw new Problem('resource.unknown', 'This person is not a member.')
  await requireNotLastOwner(tx, workspace, before, null)
  await deleteMember(tx, workspace, account)
  const { kind, id } = context.caller
  const end = { ended_at: clock.now(), ended_by_kind: kind, ended_by: id, ended_via: via }
  await endGrant(tx, { account, workspace }, end)
  await accessChanged(tx, { account })
  const target = { kind: 'account', id: account }
  const details = { role: before.role, via, ...(reason === undefined ? {} : { reason }) }
  await audit.record(tx, eventOf(context, 'member.removed', { tenant: workspace, target, details }))
  return before.role
}

/** A workspace always keeps an owner who is not suspended; the workspace is held by then. */
export async function requireNotLastOwner(
  tx: Database,
  workspace: string,
  present: HeldRole,
  next: WorkspaceRole | null,
): Promise<void> {
  if (present.role !== 'owner' || next === 'owner' || present.suspendedAt !== null) return
  if ((await ownerCount(tx, workspace)) <= 1)
    throw new Problem('access.last-owner', 'Make somebody else an owner first.')
}

/**
 * Gives, changes or (with null) withdraws a role among the provider's staff and writes down who did. Throws
 * `access.outside-map`, `access.duties-apart`. Policy 3.2-a.
 */
export async function giveStaffRole(
  parts: GrantParts,
  tx: Database,
  context: RequestContext,
  wish: {
    readonly account: string
    readonly role: StaffRole | null
    readonly via: GrantWay
    readonly jobFunction?: string | undefined
    readonly grantor?: { readonly kind: string; readonly id: string }
  },
): Promise<StaffRole | null> {
  const { account, role, via } = wish
  const before = await staffOf(tx, account)
  const job = role === null ? null : staffJob(role, wish.jobFunction)
  const adds = bitsOfStaffRole(role)
  await requireDutiesApart(parts, tx, { account, workspace: null, adds, instead: 'staff role' })
  const at = parts.clock.now()
  await setStaffRole(tx, account, role, at, job)
  if (before === undefined) await endAsserted(parts, tx, context, account)
  const { kind, id: by } = wish.grantor ?? context.caller
  const end = { ended_at: at, ended_by_kind: kind, ended_by: by, ended_via: via }
  await endGrant(tx, { account, workspace: null }, end)
  if (role !== null)
    await insertGrant(tx, {
      id: newId(parts.clock),
      account_id: account,
      workspace_id: null,
      role,
      job_function: job,
      via,
      granted_by_kind: kind,
      granted_by: by,
      granted_at: at,
    })
  await accessChanged(tx, { account })
  return before?.role ?? null
}
