import type { FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import { permissions, type Permission, type WorkspaceRole } from '../../kernel/permission.ts'
import { bitsOf, eitherOf, holds, type PermissionBits } from '../../kernel/permission-set.ts'
import { Problem } from '../../kernel/problem.ts'
import type { AccessParts } from '../parts.ts'
import { dutyRulesOf, elevatedNow, heldRole, lockAccount, staffOf } from './queries.ts'
import { bitsOfRole, bitsOfStaffRole } from './rights.ts'

/** Two permissions that nobody holds together. */
export interface DutyRule {
  /** A stable word for a rule that holds everywhere, the id of a workspace's own one. */
  readonly id: string
  readonly name: string
  readonly one: Permission
  readonly other: Permission
  /** A workspace's own rule does not bind its owners, who answer for everything in it. */
  readonly own: boolean
}

/** The duties that are kept apart everywhere. Policy 3.2-a. */
export const SHIPPED_DUTIES: readonly DutyRule[] = [
  {
    id: 'roles-and-policy',
    name: 'Whoever gives staff roles does not publish the policy',
    one: 'platform.people',
    other: 'policy.publish',
    own: false,
  },
  {
    id: 'roles-and-attestations',
    name: 'Whoever gives staff roles does not approve attestations',
    one: 'platform.people',
    other: 'attestation.edit',
    own: false,
  },
  {
    id: 'roles-and-provider-log',
    name: 'Whoever gives staff roles does not keep the log of the provider',
    one: 'platform.people',
    other: 'platform.audit',
    own: false,
  },
  {
    id: 'factors-and-policy',
    name: 'Whoever resets second factors does not publish the policy at the same time',
    one: 'account.reset',
    other: 'policy.publish',
    own: false,
  },
]

/** Where the name of a workspace's rule is sealed. */
export function ruleNameField(id: string): FieldPlace {
  return { table: 'duty_rule', column: 'name', row: id }
}

/** The rule that these permissions break, if any. */
export function brokenDuty(rules: readonly DutyRule[], held: PermissionBits): DutyRule | undefined {
  return rules.find(({ one, other }) => holds(held, one) && holds(held, other))
}

/** The rules of a workspace: those that hold everywhere and its own. */
export async function dutyRules(
  { keys }: Pick<AccessParts, 'keys'>,
  db: Database,
  workspace: string | null,
): Promise<readonly DutyRule[]> {
  if (workspace === null) return SHIPPED_DUTIES
  const own = await Promise.all(
    (await dutyRulesOf(db, workspace)).map(async ({ id, name, one, other }) => ({
      id,
      name: await keys.openText(workspace, ruleNameField(id), name),
      one: one as Permission,
      other: other as Permission,
      own: true,
    })),
  )
  return [...SHIPPED_DUTIES, ...own.filter(({ one, other }) => known(one) && known(other))]
}

function known(name: string): boolean {
  return Object.hasOwn(permissions, name)
}

/** Rules that bind whoever holds this role. */
export function binding(rules: readonly DutyRule[], role: WorkspaceRole | null): readonly DutyRule[] {
  return role === 'owner' ? rules.filter(({ own }) => !own) : rules
}

/** Throws `access.duties-apart` with the name of the rule that is broken. */
export function refuseBroken(rules: readonly DutyRule[], held: PermissionBits): void {
  const broken = brokenDuty(rules, held)
  if (broken !== undefined)
    throw new Problem(
      'access.duties-apart',
      `${broken.name}: nobody holds ${broken.one} and ${broken.other} together.`,
    )
}

/**
 * Refuses permissions that would stand together with what the account holds already: by role in the workspace, among
 * the staff, or by elevations. Holds the account, so that of two grants at once one sees the other. What `instead`
 * names is not counted as held. Throws `access.duties-apart`. Policy 3.2-a.
 */
export async function requireDutiesApart(
  parts: Pick<AccessParts, 'keys' | 'clock'>,
  tx: Database,
  wanted: {
    readonly account: string
    readonly workspace: string | null
    readonly adds: PermissionBits
    readonly instead?: 'workspace role' | 'staff role'
    /** The workspace role that is given, if one is. */
    readonly role?: WorkspaceRole
  },
): Promise<void> {
  const { account, workspace, adds, instead } = wanted
  await lockAccount(tx, account)
  const member = workspace === null ? undefined : await heldRole(tx, workspace, account)
  const staff = await staffOf(tx, account)
  const elevated = await elevatedNow(tx, account, parts.clock.now())
  const held = eitherOf(
    adds,
    instead === 'workspace role' ? bitsOf([]) : bitsOfRole(member?.role ?? null, member?.permissions ?? null),
    instead === 'staff role' ? bitsOf([]) : bitsOfStaffRole(staff?.role ?? null),
    ...elevated.map((one) => bitsOf(one.permissions)),
  )
  const rules = await dutyRules(parts, tx, workspace)
  refuseBroken(binding(rules, wanted.role ?? member?.role ?? null), held)
}
