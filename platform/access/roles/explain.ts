import type { Database } from '../../db/index.ts'
import type { Caller } from '../../kernel/caller.ts'
import {
  permissions,
  SENSITIVE,
  type Permission,
  type StaffRole,
  type WorkspaceRole,
} from '../../kernel/permission.ts'
import { bitsOf, holds } from '../../kernel/permission-set.ts'
import { accountById } from '../accounts/queries.ts'
import { heldBy, liveAt } from '../elevation/live.ts'
import { elevationsOfSession } from '../elevation/queries.ts'
import type { AccessParts } from '../parts.ts'
import { mayGiveRole } from './power.ts'
import { grantsOf, heldRole, ownRoles, roleHolders, staffOf } from './queries.ts'
import { bitsOfRole, bitsOfStaffRole, permissionsBelowFull, rightsOf, type Holding } from './rights.ts'
import { ANYBODY, EVERY_ACCOUNT, isBuiltIn, STAFF_ROLES, WORKSPACE_ROLES } from './role-table.ts'
import { decide, type Decision } from './roles.ts'

/** What explanations are made from. */
export type ExplainParts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys'>

/** One thing from which a permission follows. */
export interface Source {
  readonly by: 'everybody' | 'every account' | 'role' | 'staff role' | 'elevation' | 'scope'
  /** The role or the elevation, by name or id. */
  readonly what: string
  /** Who gave it, by which way and when, as far as that is written down. */
  readonly grantor: { readonly kind: string; readonly id: string } | null
  readonly via: string | null
  readonly since: string | null
  /** When it ends by itself. */
  readonly until: string | null
}

/** Why something is allowed or not, found out by the very decision that the gateway makes. */
export interface Explanation {
  readonly subject: { readonly kind: 'account' | 'api-key' | 'client'; readonly id: string }
  readonly permission: Permission
  readonly says: string
  readonly allowed: boolean
  /** In plain words, the decisive thing first. */
  readonly because: readonly string[]
  readonly sources: readonly Source[]
  /** What would allow it: roles of the workspace or of the staff, or an elevation. */
  readonly wouldAllow: readonly {
    readonly kind: 'role' | 'staff role' | 'elevation'
    readonly what: string
  }[]
  /** The accounts that can give one of these roles. */
  readonly couldGive: readonly string[]
}

/** The facts about an account from which its rights follow. */
async function accountFacts(parts: ExplainParts, db: Database, account: string, of: Place) {
  const { clock, policy } = parts
  const known = await accountById(db, account)
  const member = of.workspace === null ? undefined : await heldRole(db, of.workspace, account)
  const staff = of.ofStaff === false ? undefined : await staffOf(db, account)
  const inUse = member !== undefined && member.suspendedAt === null ? member : undefined
  const rows = of.session === null ? [] : await elevationsOfSession(db, of.session)
  const elevations = liveAt(heldBy(rows, policy, staff?.role ?? null), clock.now())
  const holding: Holding = {
    workspaceRole: inUse?.role ?? null,
    rolePermissions: inUse?.permissions ?? null,
    roleUntil: inUse?.until ?? null,
    staffRole: staff?.role ?? null,
    elevations,
  }
  const good = known !== undefined && known.disabled_at === null
  return { good, member, staff, elevations, holding }
}

type AccountFacts = Awaited<ReturnType<typeof accountFacts>>

/** Where rights are looked at: the workspace, and the session whose elevations count. */
interface Place {
  readonly workspace: string | null
  readonly session: string | null
  /** False for whoever is not to learn what the account is among the provider's staff. */
  readonly ofStaff?: boolean
}

/** The caller that the front door would make of these facts, in a full session. */
function callerFor(parts: ExplainParts, facts: AccountFacts): Pick<Caller, 'kind' | 'level' | 'permissions'> {
  return facts.good
    ? { kind: 'account', level: 'full', permissions: rightsOf(facts.holding, parts.clock) }
    : nobody()
}

/** Whoever presents something that is not good is nobody. */
export function nobody(): Pick<Caller, 'kind' | 'level' | 'permissions'> {
  return { kind: 'anonymous', level: 'none', permissions: permissionsBelowFull() }
}

/** Explains a permission of an account, fully signed in. Policy 3.2-a. */
export async function explainAccount(
  parts: ExplainParts,
  account: string,
  place: Place,
  permission: Permission,
): Promise<Explanation> {
  const { db } = parts
  const facts = await accountFacts(parts, db, account, place)
  const decision = decide(callerFor(parts, facts), permission, 'full')
  const sources = facts.good ? await sourcesOf(db, account, place.workspace, facts, permission) : []
  return {
    subject: { kind: 'account', id: account },
    permission,
    says: permissions[permission],
    allowed: decision.allow,
    because: reasons(decision, facts, sources),
    sources,
    ...(decision.allow ? { wouldAllow: [], couldGive: [] } : await ways(parts, place.workspace, permission)),
  }
}

async function sourcesOf(
  db: Database,
  account: string,
  workspace: string | null,
  { member, staff, elevations, holding }: AccountFacts,
  permission: Permission,
): Promise<Source[]> {
  const sources: Source[] = []
  const plain = { grantor: null, via: null, since: null, until: null }
  if ((ANYBODY as readonly string[]).includes(permission))
    sources.push({ by: 'everybody', what: 'anybody', ...plain })
  if ((EVERY_ACCOUNT as readonly string[]).includes(permission))
    sources.push({ by: 'every account', what: 'every account', ...plain })
  const role = bitsOfRole(holding.workspaceRole, holding.rolePermissions ?? null)
  if (member !== undefined && holds(role, permission))
    sources.push(await granted(db, account, workspace, 'role', member.role, member.until))
  if (staff !== undefined && holds(bitsOfStaffRole(staff.role), permission))
    sources.push(await granted(db, account, null, 'staff role', staff.role, null))
  for (const one of elevations)
    if (holds(bitsOf(one.permissions), permission))
      sources.push({ by: 'elevation', what: one.id, ...plain, until: one.expires_at.toISOString() })
  return sources
}

async function granted(
  db: Database,
  account: string,
  workspace: string | null,
  by: 'role' | 'staff role',
  what: WorkspaceRole | StaffRole,
  until: Date | null,
): Promise<Source> {
  const open = (await grantsOf(db, account, workspace)).find((one) => one.ended_at === null)
  return {
    by,
    what,
    grantor: open === undefined ? null : { kind: open.granted_by_kind, id: open.granted_by },
    via: open?.via ?? null,
    since: open?.granted_at.toISOString() ?? null,
    until: until?.toISOString() ?? null,
  }
}

function reasons(decision: Decision, facts: AccountFacts, sources: readonly Source[]): string[] {
  if (decision.allow) return sources.map(inWords)
  if (!facts.good) return ['The account does not exist or is disabled.']
  const { member } = facts
  const said = [decision.why]
  if (member === undefined) said.push('The person is not a member of the workspace.')
  else if (member.suspendedAt !== null) said.push('The membership is suspended.')
  else if (sources.some(({ by }) => by === 'role') && member.until !== null)
    said.push(`The role was given by an exception that ended at ${member.until.toISOString()}.`)
  return said
}

function inWords({ by, what, until }: Source): string {
  const end = until === null ? '' : `, until ${until}`
  if (by === 'everybody') return 'Anybody may do this.'
  if (by === 'every account') return 'Every account may do this.'
  return `It comes with the ${by} ${what}${end}.`
}

/** What would allow it, and who can give that. */
async function ways({ db, clock }: ExplainParts, workspace: string | null, permission: Permission) {
  const wouldAllow: { kind: 'role' | 'staff role' | 'elevation'; what: string }[] = []
  for (const [role, held] of Object.entries(STAFF_ROLES))
    if (held.includes(permission)) wouldAllow.push({ kind: 'staff role', what: role })
  if ((SENSITIVE as readonly string[]).includes(permission))
    wouldAllow.push({ kind: 'elevation', what: permission })
  if (workspace === null) return { wouldAllow, couldGive: [] }
  const own = await ownRoles(db, workspace)
  const roles = [
    ...Object.keys(WORKSPACE_ROLES)
      .filter(isBuiltIn)
      .map((role) => ({ role: role as WorkspaceRole, permissions: null as readonly string[] | null })),
    ...own.map((row) => ({ role: row.id as WorkspaceRole, permissions: row.permissions })),
  ].filter((one) => holds(bitsOfRole(one.role, one.permissions), permission))
  for (const { role } of roles) wouldAllow.push({ kind: 'role', what: role })
  const couldGive: string[] = []
  for (const { account } of await roleHolders(db, workspace)) {
    const held = await heldRole(db, workspace, account)
    if (roles.some((role) => mayGiveRole(held, role, clock.now()))) couldGive.push(account)
  }
  return { wouldAllow, couldGive }
}
