import type { FieldPlace } from '../../encryption/index.ts'
import { asTenant, type Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import type { OwnRoleId, Permission, WorkspaceRole } from '../../kernel/permission.ts'
import { bitsOf, bothOf, namesOf, type PermissionBits } from '../../kernel/permission-set.ts'
import { Problem } from '../../kernel/problem.ts'
import { accessChanged } from '../changed.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { lockWorkspace } from '../people/queries.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { dutyRules, refuseBroken } from './duties.ts'
import { jobNamed, jobsIn } from './map-of-jobs.ts'
import { counts, isWithin, mayGiveRole } from './power.ts'
import {
  deleteOwnRole,
  heldRole,
  insertOwnRole,
  invitedRoles,
  ownRole,
  ownRoles,
  roleHolders,
  updateOwnRole,
} from './queries.ts'
import { bitsOfRole, WORKSPACE_BITS } from './rights.ts'
import { isBuiltIn, WORKSPACE_ROLES } from './role-table.ts'

/** A workspace has this many roles of its own at most. */
const OWN_ROLES_MAX = 50

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>

/** A role as it is wished for. */
export interface OwnRoleWish {
  readonly name: string
  readonly permissions: readonly Permission[]
  /** Kinds of work of the workspace's list. */
  readonly jobFunctions: readonly string[]
}

function nameField(id: string): FieldPlace {
  return { table: 'own_role', column: 'name', row: id }
}

/** Every role that can be given in the caller's workspace: what it allows, the work it is for and who has it. */
export function listRoles(parts: Parts, context: RequestContext) {
  const workspace = workspaceOf(context)
  return asTenant(parts.db, workspace, (tx) => rolesIn(parts, tx, workspace))
}

async function rolesIn({ clock, keys }: Pick<Parts, 'clock' | 'keys'>, db: Database, workspace: string) {
  const holders = await roleHolders(db, workspace)
  const invited = await invitedRoles(db, workspace, clock.now())
  const jobs = await jobsIn(db, workspace)
  const use = (role: WorkspaceRole) => ({
    members: holders.filter((one) => one.role === role).map(({ account }) => account),
    invitations: invited.get(role) ?? 0,
  })
  const builtIn = Object.keys(WORKSPACE_ROLES)
    .filter(isBuiltIn)
    .map((role) => ({
      id: role as WorkspaceRole,
      name: null as string | null,
      own: false,
      permissions: [...WORKSPACE_ROLES[role]],
      jobFunctions: jobs.filter(({ roles }) => roles.includes(role)).map(({ name }) => name),
      changedAt: null as string | null,
      ...use(role),
    }))
  const own = (await ownRoles(db, workspace)).map(async (row) => ({
    id: row.id as WorkspaceRole,
    name: await keys.openText(workspace, nameField(row.id), row.name),
    own: true,
    permissions: namesOf(bitsOfRole(row.id, row.permissions)),
    jobFunctions: row.job_functions,
    changedAt: row.changed_at.toISOString(),
    ...use(row.id),
  }))
  return [...builtIn, ...(await Promise.all(own))]
}

/** What the caller may put into a role: no more than their own role allows now. Policy 3.2-a. */
async function ownReach(parts: Parts, tx: Database, context: RequestContext): Promise<PermissionBits> {
  const held = await heldRole(tx, workspaceOf(context), context.caller.id)
  if (!counts(held, parts.clock.now())) throw new Problem('access.denied', 'Your role does not allow this.')
  return bothOf(bitsOfRole(held.role, held.permissions), WORKSPACE_BITS)
}

/** Checks a wish: nothing beyond the maker, duties apart, known work, a name of its own. Policy 3.2-a. */
async function checked(
  parts: Parts,
  tx: Database,
  context: RequestContext,
  wish: OwnRoleWish,
  before: { readonly id: string; readonly permissions: readonly string[] } | undefined,
) {
  const workspace = workspaceOf(context)
  const wanted = bitsOf(wish.permissions)
  const kept = bitsOf(before?.permissions ?? [])
  const added = wanted.map((word, at) => word & ~(kept[at] ?? 0))
  const reach = await ownReach(parts, tx, context)
  if (!isWithin(added, reach)) {
    const beyond = namesOf(added).filter((name) => !namesOf(reach).includes(name))
    throw new Problem('access.denied', `You cannot give what you do not hold: ${beyond.join(', ')}.`)
  }
  if (!isWithin(wanted, WORKSPACE_BITS))
    throw new Problem('access.denied', 'A role of a workspace holds nothing of the provider’s.')
  refuseBroken(await dutyRules(parts, tx, workspace), wanted)
  const jobs: string[] = []
  for (const text of wish.jobFunctions) {
    const job = await jobNamed(tx, workspace, text)
    if (job === null) throw new Problem('resource.unknown', 'The workspace knows no such kind of work.')
    if (!jobs.includes(job)) jobs.push(job)
  }
  const others = (await ownRoles(tx, workspace)).filter(({ id }) => id !== before?.id)
  if (others.length >= OWN_ROLES_MAX)
    throw new Problem('resource.conflict', `A workspace has ${OWN_ROLES_MAX} roles of its own at most.`)
  for (const other of others)
    if (sameName(await parts.keys.openText(workspace, nameField(other.id), other.name), wish.name))
      throw new Problem('resource.conflict', 'Another role has this name.')
  if (isBuiltIn(wish.name.trim().toLowerCase()))
    throw new Problem('resource.conflict', 'Every workspace has a role of this name.')
  return { permissions: namesOf(wanted), job_functions: jobs }
}

function sameName(one: string, other: string): boolean {
  const plain = (text: string) => text.normalize('NFKC').trim().toLowerCase()
  return plain(one) === plain(other)
}

async function begin(tx: Database, workspace: string): Promise<void> {
  if (!(await lockWorkspace(tx, workspace)))
    throw new Problem('resource.unknown', 'The workspace was removed.')
}

/** Makes a role of the caller's workspace. Policy 3.2-a. */
export async function makeRole(parts: Parts, context: RequestContext, wish: OwnRoleWish): Promise<OwnRoleId> {
  const { db, clock, keys, audit } = parts
  const workspace = workspaceOf(context)
  const id = newId(clock) as OwnRoleId
  await asTenant(db, workspace, async (tx) => {
    await begin(tx, workspace)
    const row = await checked(parts, tx, context, wish, undefined)
    const at = clock.now()
    const name = await keys.sealText(workspace, nameField(id), wish.name)
    const made_by = context.caller.kind === 'account' ? context.caller.id : null
    await insertOwnRole(tx, {
      ...row,
      id,
      workspace_id: workspace,
      name,
      made_by,
      created_at: at,
      changed_at: at,
    })
    const details = { name: wish.name, permissions: row.permissions, jobs: row.job_functions }
    await audit.record(tx, eventOf(context, 'role.made', { target: { kind: 'role', id }, details }))
  })
  return id
}

/** The role to be changed, if the caller has power over whoever holds it and does not hold it. */
async function roleToChange(parts: Parts, tx: Database, context: RequestContext, id: string) {
  const workspace = workspaceOf(context)
  await begin(tx, workspace)
  const row = await ownRole(tx, workspace, id)
  if (row === undefined) throw new Problem('resource.unknown', 'The workspace has no such role of its own.')
  const held = await heldRole(tx, workspace, context.caller.id)
  if (held?.role === row.id) throw new Problem('access.denied', 'Nobody changes their own role.')
  if (!mayGiveRole(held, { role: row.id, permissions: row.permissions }, parts.clock.now()))
    throw new Problem('access.denied', 'Your role does not allow this.')
  return row
}

/** Changes a role; whoever holds it has the new rights within a second, everywhere. Policy 3.2-a. */
export async function changeOwnRole(
  parts: Parts,
  context: RequestContext,
  id: string,
  wish: OwnRoleWish,
): Promise<void> {
  const { db, clock, keys, audit } = parts
  const workspace = workspaceOf(context)
  await asTenant(db, workspace, async (tx) => {
    const before = await roleToChange(parts, tx, context, id)
    const row = await checked(parts, tx, context, wish, before)
    const left = (await roleHolders(tx, workspace)).filter(
      (one) =>
        one.role === before.id &&
        one.until === null &&
        (one.jobFunction === null || !row.job_functions.includes(one.jobFunction)),
    )
    if (left.length > 0)
      throw new Problem(
        'access.outside-map',
        `${left.length} of those who hold the role do other work; give them another role first.`,
      )
    const name = await keys.sealText(workspace, nameField(before.id), wish.name)
    await updateOwnRole(tx, before.id, { ...row, name, changed_at: clock.now() })
    await accessChanged(tx, { workspace })
    const details = {
      before: before.permissions,
      permissions: row.permissions,
      jobs: row.job_functions,
      name: wish.name,
    }
    const target = { kind: 'role', id: before.id }
    await audit.record(tx, eventOf(context, 'role.changed', { target, details }))
  })
}

/** Removes a role that nobody holds and no open invitation names. Throws `resource.conflict`. */
export async function removeRole(parts: Parts, context: RequestContext, id: string): Promise<void> {
  const { db, clock, audit } = parts
  const workspace = workspaceOf(context)
  await asTenant(db, workspace, async (tx) => {
    const row = await roleToChange(parts, tx, context, id)
    const now = clock.now()
    const members = (await roleHolders(tx, workspace)).filter(({ role }) => role === row.id).length
    const invitations = (await invitedRoles(tx, workspace, now)).get(row.id) ?? 0
    if (members + invitations > 0)
      throw new Problem(
        'resource.conflict',
        `The role is in use: ${members} members and ${invitations} open invitations.`,
      )
    await deleteOwnRole(tx, row.id, now)
    await accessChanged(tx, { workspace })
    await audit.record(tx, eventOf(context, 'role.removed', { target: { kind: 'role', id: row.id } }))
  })
}
