import { asTenant } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import type { BuiltInRole, Permission } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { lockWorkspace } from '../people/queries.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { brokenDuty, dutyRules, ruleNameField, type DutyRule } from './duties.ts'
import { jobsIn } from './map-of-jobs.ts'
import {
  deleteDutyRule,
  deleteJobFunction,
  insertDutyRule,
  jobFunctionsOf,
  ownRoles,
  putJobFunction,
  roleHolders,
} from './queries.ts'
import { bitsOfRole } from './rights.ts'
import { isBuiltIn, JOB_FUNCTIONS } from './role-table.ts'

const DUTY_RULES_MAX = 50
const JOB_FUNCTIONS_MAX = 100

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>

/** The rules that bind people in the caller's workspace: the shipped ones and its own. */
export function listDutyRules(parts: Parts, context: RequestContext): Promise<readonly DutyRule[]> {
  const workspace = workspaceOf(context)
  return asTenant(parts.db, workspace, (tx) => dutyRules(parts, tx, workspace))
}

/**
 * Keeps two permissions apart in the caller's workspace; owners, who answer for everything, are not bound. Refused
 * while a role or a member other than an owner holds both, with how many. Policy 3.2-a.
 */
export async function makeDutyRule(
  { db, clock, keys, audit }: Parts,
  context: RequestContext,
  wish: { readonly name: string; readonly permissions: readonly [Permission, Permission] },
): Promise<string> {
  const workspace = workspaceOf(context)
  const id = newId(clock)
  const [one, other] = [...wish.permissions].sort() as [Permission, Permission]
  if (one === other) throw new Problem('request.invalid', 'permissions: two different ones are kept apart.')
  await asTenant(db, workspace, async (tx) => {
    if (!(await lockWorkspace(tx, workspace)))
      throw new Problem('resource.unknown', 'The workspace was removed.')
    const rules = await dutyRules({ keys }, tx, workspace)
    if (rules.length >= DUTY_RULES_MAX)
      throw new Problem('resource.conflict', `A workspace has ${DUTY_RULES_MAX} rules at most.`)
    const rule: DutyRule = { id, name: wish.name, one, other, own: true }
    const own = await ownRoles(tx, workspace)
    const breaks = (permissions: readonly string[] | null, role: Parameters<typeof bitsOfRole>[0]) =>
      brokenDuty([rule], bitsOfRole(role, permissions)) !== undefined
    const roles = own.filter((row) => breaks(row.permissions, row.id)).length
    const held = new Map(own.map((row) => [row.id as string, row.permissions]))
    const members = (await roleHolders(tx, workspace)).filter(
      ({ role }) => role !== 'owner' && breaks(held.get(role) ?? null, role),
    ).length
    if (roles + members > 0)
      throw new Problem(
        'access.duties-apart',
        `${roles} roles and ${members} members hold ${one} and ${other} together; change them first.`,
      )
    const name = await keys.sealText(workspace, ruleNameField(id), wish.name)
    const made_by = context.caller.kind === 'account' ? context.caller.id : null
    const row = { id, workspace_id: workspace, name, one, other, made_by, created_at: clock.now() }
    if (!(await insertDutyRule(tx, row)))
      throw new Problem('resource.conflict', 'A rule keeps these two apart already.')
    const details = { name: wish.name, one, other }
    await audit.record(tx, eventOf(context, 'duty-rule.made', { target: { kind: 'duty-rule', id }, details }))
  })
  return id
}

/** Removes a rule of the workspace's own; the shipped ones stay. */
export async function removeDutyRule(
  { db, audit }: Parts,
  context: RequestContext,
  id: string,
): Promise<void> {
  await asTenant(db, workspaceOf(context), async (tx) => {
    if (!(await deleteDutyRule(tx, workspaceOf(context), id)))
      throw new Problem('resource.unknown', 'The workspace has no such rule of its own.')
    await audit.record(tx, eventOf(context, 'duty-rule.removed', { target: { kind: 'duty-rule', id } }))
  })
}

/** The kinds of work in the caller's workspace, with the built-in roles for each. */
export function listJobFunctions({ db }: Parts, context: RequestContext) {
  const workspace = workspaceOf(context)
  return asTenant(db, workspace, (tx) => jobsIn(tx, workspace))
}

/** Names a kind of work, or changes which built-in roles it may have; never so that a grant falls outside the map. */
export async function nameJobFunction(
  { db, clock, audit }: Parts,
  context: RequestContext,
  wish: { readonly name: string; readonly roles: readonly BuiltInRole[] },
): Promise<void> {
  const workspace = workspaceOf(context)
  const { name } = wish
  await asTenant(db, workspace, async (tx) => {
    if (!(await lockWorkspace(tx, workspace)))
      throw new Problem('resource.unknown', 'The workspace was removed.')
    const shipped = (JOB_FUNCTIONS as readonly string[]).map((one) => one.toLowerCase())
    if (shipped.includes(name.toLowerCase()))
      throw new Problem('resource.conflict', 'Every workspace knows this kind of work.')
    const own = await jobFunctionsOf(tx, workspace)
    const alike = own.find((one) => one.name.toLowerCase() === name.toLowerCase())
    if (alike !== undefined && alike.name !== name)
      throw new Problem('resource.conflict', 'This kind of work is written differently already.')
    if (alike === undefined && own.length >= JOB_FUNCTIONS_MAX)
      throw new Problem('resource.conflict', `A workspace names ${JOB_FUNCTIONS_MAX} kinds of work at most.`)
    await requireNobodyLeft(tx, workspace, name, wish.roles)
    const roles = [...new Set(wish.roles)]
    await putJobFunction(tx, { workspace_id: workspace, name, roles, created_at: clock.now() })
    const details = { name, roles }
    await audit.record(tx, eventOf(context, 'job-function.changed', { details }))
  })
}

/** Refuses to take a built-in role from a kind of work while somebody has it for that work. */
async function requireNobodyLeft(
  tx: Parameters<typeof roleHolders>[0],
  workspace: string,
  job: string,
  roles: readonly BuiltInRole[],
): Promise<void> {
  const left = (await roleHolders(tx, workspace)).filter(
    ({ role, jobFunction, until }) =>
      jobFunction === job && until === null && isBuiltIn(role) && !roles.includes(role),
  )
  if (left.length > 0)
    throw new Problem('access.outside-map', `${left.length} people do this work in a role it would lose.`)
}

/** Removes a kind of work that nobody does and no role is for. */
export async function removeJobFunction(
  { db, audit }: Parts,
  context: RequestContext,
  name: string,
): Promise<void> {
  const workspace = workspaceOf(context)
  await asTenant(db, workspace, async (tx) => {
    if (!(await lockWorkspace(tx, workspace)))
      throw new Problem('resource.unknown', 'The workspace was removed.')
    const people = (await roleHolders(tx, workspace)).filter(({ jobFunction }) => jobFunction === name).length
    const roles = (await ownRoles(tx, workspace)).filter((one) => one.job_functions.includes(name)).length
    if (people + roles > 0)
      throw new Problem(
        'resource.conflict',
        `The kind of work is in use: ${people} people and ${roles} roles.`,
      )
    if (!(await deleteJobFunction(tx, workspace, name)))
      throw new Problem('resource.unknown', 'The workspace named no such kind of work.')
    const details = { name, removed: true }
    await audit.record(tx, eventOf(context, 'job-function.changed', { details }))
  })
}
