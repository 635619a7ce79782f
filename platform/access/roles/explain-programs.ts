import type { Caller, RequestContext } from '../../kernel/caller.ts'
import { permissions, type Permission } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { goodKey } from '../api-keys/api-keys.ts'
import { keyHash } from '../api-keys/queries.ts'
import { goodClient } from '../clients/queries.ts'
import { explainAccount, nobody, type ExplainParts, type Explanation } from './explain.ts'
import { counts } from './power.ts'
import { heldRole, staffOf } from './queries.ts'
import { rightsOf, type Holding } from './rights.ts'
import { KEY_SCOPES } from './role-table.ts'
import { decide } from './roles.ts'

type ProgramHolding = Holding & { readonly scopes: readonly string[] }

/** What a key or a client allows, if it is good; the same for both, because both are cut by scopes and by their maker. */
function explainProgram(
  { clock }: Pick<ExplainParts, 'clock'>,
  subject: { readonly kind: 'api-key' | 'client'; readonly id: string },
  holding: ProgramHolding | undefined,
  permission: Permission,
): Explanation {
  const caller: Pick<Caller, 'kind' | 'level' | 'permissions'> =
    holding === undefined
      ? nobody()
      : { kind: subject.kind, level: 'full', permissions: rightsOf(holding, clock) }
  const decision = decide(caller, permission, 'full')
  const because: string[] = []
  if (decision.allow) because.push('Its scope allows it, and whoever made it may do it now.')
  else if (holding === undefined)
    because.push('It is revoked or expired, or its maker is no member, suspended or disabled.')
  else {
    because.push(decision.why)
    if (!(KEY_SCOPES as readonly string[]).includes(permission))
      because.push('No program can be given this permission.')
    else if (!holding.scopes.includes(permission)) because.push('It was not given this scope.')
    else because.push('Whoever made it may not do it any more.')
  }
  const source = {
    by: 'scope',
    what: permission,
    grantor: null,
    via: null,
    since: null,
    until: null,
  } as const
  return {
    subject,
    permission,
    says: permissions[permission],
    allowed: decision.allow,
    because,
    sources: decision.allow ? [source] : [],
    wouldAllow: [],
    couldGive: [],
  }
}

/** Explains what an API key of a workspace allows. Throws `resource.unknown` for a key of another one. Policy 4.3-a.2. */
export async function explainKey(
  parts: ExplainParts,
  workspace: string,
  id: string,
  permission: Permission,
): Promise<Explanation> {
  const hash = await keyHash(parts.db, workspace, id)
  if (hash === undefined) throw new Problem('resource.unknown', 'The workspace has no such key.')
  const holding = (await goodKey(parts, hash))?.holding
  return explainProgram(parts, { kind: 'api-key', id }, holding, permission)
}

/** Explains what a program that acts by OAuth 2.0 for itself is allowed. Policy 4.3-a.2. */
export async function explainClient(
  parts: ExplainParts,
  workspace: string,
  id: string,
  permission: Permission,
): Promise<Explanation> {
  const now = parts.clock.now()
  const client = await goodClient(parts.db, id, now)
  const own = client?.workspace_id === workspace ? client : undefined
  const maker =
    own === undefined || own.maker_role === null
      ? undefined
      : await heldRole(parts.db, workspace, own.account_id)
  const holding =
    own === undefined || !counts(maker, now)
      ? undefined
      : {
          workspaceRole: maker.role,
          rolePermissions: maker.permissions,
          roleUntil: maker.until,
          staffRole: null,
          scopes: own.scopes,
        }
  return explainProgram(parts, { kind: 'client', id }, holding, permission)
}

/** Explains a permission of the caller, of a member of the caller's workspace, or of one of its keys or programs. */
export async function explain(
  parts: ExplainParts,
  context: RequestContext,
  wanted: {
    readonly permission: Permission
    readonly account?: string | undefined
    readonly key?: string | undefined
    readonly client?: string | undefined
  },
): Promise<Explanation> {
  const { id, workspaceId: workspace, sessionId: session, permissions: own } = context.caller
  const { account = id, key, client, permission } = wanted
  if (key !== undefined) {
    if (workspace === null || !own.has('api-key.read'))
      throw new Problem('access.denied', 'Your role does not let you look at keys.')
    return explainKey(parts, workspace, key, permission)
  }
  if (client !== undefined) {
    if (workspace === null || !own.has('client.read'))
      throw new Problem('access.denied', 'Your role does not let you look at programs.')
    return explainClient(parts, workspace, client, permission)
  }
  if (account === id) return explainAccount(parts, id, { workspace, session }, permission)
  const member =
    workspace !== null &&
    own.has('people.read') &&
    (await heldRole(parts.db, workspace, account)) !== undefined
  const colleague = own.has('platform.staff') && (await staffOf(parts.db, account)) !== undefined
  if (!member && !colleague)
    throw new Problem(
      'resource.unknown',
      'Your workspace has no such member, and the staff no such colleague.',
    )
  // What a member is among the provider's staff is not the workspace's business.
  const place = { workspace: member ? workspace : null, session: null, ofStaff: colleague }
  return explainAccount(parts, account, place, permission)
}
