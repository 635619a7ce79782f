import type { RequestContext } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { workspaceOf } from '../people/workspace-of.ts'
import { openThrottle } from '../sign-in/throttle.ts'
import { openContent, type DirectoryParts, type DirectoryRequest } from './directory.ts'
import { endConnections } from './connections.ts'
import { setGroupRole } from './groups.ts'
import { requirePowerToMap } from './joining.ts'
import { countResources, memberCounts, pageOfGroups } from './queries.ts'
import { answerScim, SCIM_PATH, type ScimRequest } from './scim-server.ts'
import { textOf } from './scim/resource.ts'
import {
  carryOutDue,
  connectPersonnel,
  listConnections,
  takeMessage,
  type PersonnelMessage,
} from './personnel.ts'
import { endTokens, listTokens, makeToken, rotateToken } from './tokens.ts'

/** Directories of workspaces: the SCIM service, its tokens, and the roles that groups give. */
export function openProvisioning(given: DirectoryParts) {
  const parts = { ...given, throttle: openThrottle(given.clock) }
  const requestOf = (context: RequestContext): DirectoryRequest => ({
    context,
    workspace: workspaceOf(context),
    base: `${parts.origin}${SCIM_PATH}`,
  })
  return {
    scim: (context: RequestContext, scim: ScimRequest): Promise<Response> =>
      answerScim(parts, requestOf(context), scim),
    overview: (context: RequestContext) => overview(parts, requestOf(context)),
    makeToken: (context: RequestContext, wish: Parameters<typeof makeToken>[2]) =>
      makeToken(parts, context, wish),
    rotateToken: (context: RequestContext, wish: Parameters<typeof rotateToken>[2]) =>
      rotateToken(parts, context, wish),
    revokeToken: async (context: RequestContext, id: string): Promise<number> => {
      const which = { workspace: workspaceOf(context), id }
      const ended = await parts.db.transaction().execute((tx) => endTokens(parts, tx, context, which))
      return ended.length
    },
    connectPersonnel: (context: RequestContext, label: string) =>
      connectPersonnel(parts, context, { workspace: workspaceOf(context), label }),
    disconnectPersonnel: async (context: RequestContext, id: string): Promise<number> => {
      const which = { workspace: workspaceOf(context), id }
      const ended = await parts.db.transaction().execute((tx) => endConnections(parts, tx, context, which))
      return ended.length
    },
    takeMessage: (context: RequestContext, message: PersonnelMessage) => takeMessage(parts, context, message),
    /** Does what personnel systems told for today. */
    carryOutDue: (): Promise<number> => carryOutDue(parts),
    setGroupRole: async (context: RequestContext, id: string, role: WorkspaceRole | null): Promise<void> => {
      const request = requestOf(context)
      await requirePowerToMap(parts, request.workspace, context.caller.id, role)
      await setGroupRole(parts, request, id, role)
    },
  }
}

const GROUPS_SHOWN_MAX = 500

/** Address, tokens and groups, for the console. */
async function overview(parts: DirectoryParts, { workspace, base }: DirectoryRequest) {
  const everything = { kind: 'everything' } as const
  const page = { order: 'id', descending: false, after: null, offset: 0, limit: GROUPS_SHOWN_MAX } as const
  const groups = await pageOfGroups(parts.db, workspace, everything, page)
  const counts = await memberCounts(parts.db, workspace)
  return {
    address: base,
    tokens: await listTokens(parts, workspace),
    personnel: await listConnections(parts, workspace),
    people: await countResources(parts.db, 'directory_user', workspace, everything),
    groups: await Promise.all(
      groups.map(async (row) => ({
        id: row.id,
        name: textOf(await openContent(parts, workspace, 'directory_group', row), 'displayName') ?? '',
        members: counts.get(row.id) ?? 0,
        role: row.role as WorkspaceRole | null,
      })),
    ),
  }
}
