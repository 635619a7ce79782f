import { asTenant, type Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { permissions, SENSITIVE, type Permission } from '../../kernel/permission.ts'
import { holds } from '../../kernel/permission-set.ts'
import { Problem } from '../../kernel/problem.ts'
import type { AccessParts } from '../parts.ts'
import { setJobFunction } from '../people/members.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { explain } from './explain-programs.ts'
import { exceptionField, giveRole, takeRole, type RoleWish } from './grants.ts'
import { changeOwnRole, listRoles, makeRole, removeRole, type OwnRoleWish } from './own-roles.ts'
import { grantsOf, heldRole } from './queries.ts'
import { WORKSPACE_BITS } from './rights.ts'
import { KEY_SCOPES } from './role-table.ts'
import { lastUsed, unusedPermissions } from './use.ts'
import {
  listDutyRules,
  listJobFunctions,
  makeDutyRule,
  nameJobFunction,
  removeDutyRule,
  removeJobFunction,
} from './workspace-rules.ts'

/** What each first word of a permission is about. */
const GROUPS: Readonly<Record<string, string>> = {
  public: 'Everybody',
  self: 'One’s own account',
  workspace: 'Workspace',
  conversation: 'Conversations',
  rule: 'Automatic replies',
  channel: 'Channels',
  people: 'People',
  role: 'Roles',
  'api-key': 'API keys',
  client: 'Programs',
  directory: 'Personnel systems',
  audit: 'Audit log',
  policy: 'Policy',
  attestation: 'Attestations',
  review: 'Reviews of access rights',
  account: 'Accounts',
  platform: 'The provider',
  operator: 'The machine',
  service: 'The protected service',
}

/** Every permission in words, with what can be done with it in a roles editor. */
export function listPermissions() {
  return (Object.keys(permissions) as Permission[]).map((name) => {
    const first = name.split('.')[0] ?? ''
    return {
      name,
      says: permissions[name],
      group: GROUPS[first] ?? first,
      /** A workspace may put it into a role of its own. */
      assignable: holds(WORKSPACE_BITS, name),
      /** Nobody holds it permanently: it comes with an elevation. */
      sensitive: (SENSITIVE as readonly string[]).includes(name),
      /** An API key or an OAuth 2.0 client can be given it. */
      forPrograms: (KEY_SCOPES as readonly string[]).includes(name),
    }
  })
}

/** Roles, the map of jobs, duties kept apart, and why somebody may do something. Policy 3.2-a. */
export function openRoles(parts: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit'>) {
  return {
    permissions: listPermissions,
    list: (context: RequestContext) => listRoles(parts, context),
    make: (context: RequestContext, wish: OwnRoleWish) => makeRole(parts, context, wish),
    change: (context: RequestContext, id: string, wish: OwnRoleWish) =>
      changeOwnRole(parts, context, id, wish),
    remove: (context: RequestContext, id: string) => removeRole(parts, context, id),
    duties: (context: RequestContext) => listDutyRules(parts, context),
    makeDuty: (context: RequestContext, wish: Parameters<typeof makeDutyRule>[2]) =>
      makeDutyRule(parts, context, wish),
    removeDuty: (context: RequestContext, id: string) => removeDutyRule(parts, context, id),
    jobs: (context: RequestContext) => listJobFunctions(parts, context),
    nameJob: (context: RequestContext, wish: Parameters<typeof nameJobFunction>[2]) =>
      nameJobFunction(parts, context, wish),
    removeJob: (context: RequestContext, name: string) => removeJobFunction(parts, context, name),
    explain: (context: RequestContext, wanted: Parameters<typeof explain>[2]) =>
      explain(parts, context, wanted),
    unused: (context: RequestContext) => unusedPermissions(parts, workspaceOf(context)),
    history: (context: RequestContext, account: string) => grantHistory(parts, context, account),
    lastUsed: (account: string, workspace: string | null) => lastUsed(parts, account, workspace),
    /** Gives a role; whether the caller may give roles at all is decided before. */
    give: (tx: Database, context: RequestContext, wish: RoleWish) => giveRole(parts, tx, context, wish),
    /** Takes the role and the membership; ending sessions and keys is the caller's. */
    take: (tx: Database, context: RequestContext, wish: Parameters<typeof takeRole>[3]) =>
      takeRole(parts, tx, context, wish),
    /** What a personnel system says somebody's work is; a role that is not for it allows nothing from then on. */
    setJob: async (
      tx: Database,
      context: RequestContext,
      wanted: { readonly account: string; readonly workspace: string; readonly title: string },
    ): Promise<void> => {
      const present = await heldRole(tx, wanted.workspace, wanted.account)
      if (present === undefined) throw new Problem('resource.unknown', 'This person is not a member.')
      await setJobFunction(parts, tx, context, { ...wanted, via: 'scim' }, present)
    },
  }
}

/** Who gave a member of the caller's workspace which role, by which way and until when, newest first. */
async function grantHistory(
  { db, keys }: Pick<AccessParts, 'db' | 'keys'>,
  context: RequestContext,
  account: string,
) {
  const workspace = workspaceOf(context)
  const rows = await asTenant(db, workspace, (tx) => grantsOf(tx, account, workspace))
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      role: row.role,
      jobFunction: row.job_function,
      via: row.via,
      by: { kind: row.granted_by_kind, id: row.granted_by },
      at: row.granted_at.toISOString(),
      exception:
        row.exception_reason === null || row.exception_until === null
          ? null
          : {
              reason: await keys.openText(workspace, exceptionField(row.id), row.exception_reason),
              until: row.exception_until.toISOString(),
            },
      ended:
        row.ended_at === null
          ? null
          : {
              at: row.ended_at.toISOString(),
              via: row.ended_via,
              by: { kind: row.ended_by_kind, id: row.ended_by },
            },
    })),
  )
}
