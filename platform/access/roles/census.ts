import type { Database } from '../../db/index.ts'
import { permissions, type Permission } from '../../kernel/permission.ts'
import { bitsOf, eitherOf } from '../../kernel/permission-set.ts'
import {
  grantedNames,
  heldElevations,
  heldRoles,
  heldStaffRoles,
  keptApart,
  namedJobs,
} from './census-queries.ts'
import { binding, brokenDuty, SHIPPED_DUTIES, type DutyRule } from './duties.ts'
import { bitsOfRole, bitsOfStaffRole } from './rights.ts'
import { isBuiltIn, KEY_SCOPES, ROLE_JOBS, STAFF_JOBS, STAFF_ROLES, WORKSPACE_ROLES } from './role-table.ts'

/** What a look at every role that somebody holds found; every list should be empty. */
export interface Census {
  readonly people: number
  /** Roles that are not for the work their holders do, and not excepted. */
  readonly outsideMap: readonly string[]
  /** Roles of which nobody wrote down who gave them. */
  readonly unrecorded: readonly string[]
  /** Accounts that hold two permissions which are kept apart. */
  readonly conflicts: readonly string[]
  /** Grants of a name that is no permission, wildcards among them. */
  readonly wildcards: readonly string[]
}

type Member = Awaited<ReturnType<typeof heldRoles>>[number]

/**
 * Looks at every role that counts now: is it for the work its holder does, is it written down who gave it, do duties
 * meet that are kept apart, is anything granted that is no single permission. Rows of checks are left out but for
 * `probe`. Policy 3.2-a.
 */
export async function takeCensus(
  db: Database,
  now: Date,
  probe: { readonly workspace: string; readonly account: string | null; readonly role: string | null },
): Promise<Census> {
  const members = await heldRoles(db, now, probe.account)
  const staff = await heldStaffRoles(db, probe.account)
  const jobs = await namedJobs(db)
  const outside = (one: Member): boolean => {
    const excepted = one.until !== null && one.exceptionUntil?.getTime() === one.until.getTime()
    if (one.job === null) return !excepted
    const named = jobs.some(
      (job) =>
        job.workspace === one.workspace && job.name === one.job && job.roles.some((r) => r === one.role),
    )
    const mapped = isBuiltIn(one.role)
      ? (ROLE_JOBS[one.role] as readonly string[]).includes(one.job)
      : (one.jobs ?? []).includes(one.job)
    return !named && !mapped && !excepted
  }
  return {
    people: new Set([...members, ...staff].map(({ account }) => account)).size,
    outsideMap: [
      ...members.filter(outside).map((one) => `${one.account} as ${one.role}`),
      ...staff
        .filter(({ role, job }) => job === null || !(STAFF_JOBS[role] as readonly string[]).includes(job))
        .map((one) => `${one.account} as ${one.role} of the staff`),
    ],
    unrecorded: [...members, ...staff]
      .filter((one) => !one.probe && one.granted !== one.role)
      .map((one) => `${one.account} as ${one.role}`),
    conflicts: await conflicts(db, now, members, staff),
    wildcards: await wildcards(db, probe),
  }
}

async function conflicts(
  db: Database,
  now: Date,
  members: readonly Member[],
  staff: Awaited<ReturnType<typeof heldStaffRoles>>,
): Promise<string[]> {
  const elevations = await heldElevations(db, now)
  const own = (await keptApart(db)).map(({ workspace, id, one, other }) => ({
    workspace,
    rule: { id, name: id, one: one as Permission, other: other as Permission, own: true } satisfies DutyRule,
  }))
  const besides = (account: string) =>
    eitherOf(
      ...staff.filter((one) => one.account === account).map(({ role }) => bitsOfStaffRole(role)),
      ...elevations.filter((one) => one.account === account).map((one) => bitsOf(one.permissions)),
    )
  const found = members.flatMap(({ account, workspace, role, permissions: allowed }) => {
    const rules = [
      ...SHIPPED_DUTIES,
      ...own.filter((one) => one.workspace === workspace).map(({ rule }) => rule),
    ]
    const held = eitherOf(bitsOfRole(role, allowed), besides(account))
    const broken = brokenDuty(binding(rules, role), held)
    return broken === undefined ? [] : [`${account} holds ${broken.one} and ${broken.other}`]
  })
  const alone = [...new Set([...staff, ...elevations].map(({ account }) => account))].flatMap((account) => {
    const broken = brokenDuty(SHIPPED_DUTIES, besides(account))
    return broken === undefined ? [] : [`${account} holds ${broken.one} and ${broken.other}`]
  })
  return [...new Set([...found, ...alone])]
}

async function wildcards(
  db: Database,
  probe: { readonly workspace: string; readonly role: string | null },
): Promise<string[]> {
  const builtIn = [
    ...Object.entries(WORKSPACE_ROLES),
    ...Object.entries(STAFF_ROLES),
    ['key', KEY_SCOPES] as const,
  ]
  const all = [
    ...builtIn.map(([name, names]) => ({ where: name, names: names as readonly string[] })),
    ...(await grantedNames(db, probe.workspace, probe.role)),
  ]
  return all.flatMap(({ where, names }) =>
    names.filter((name) => !Object.hasOwn(permissions, name)).map((name) => `${where} grants ${name}`),
  )
}
