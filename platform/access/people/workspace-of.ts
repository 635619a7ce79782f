import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'

/** The workspace that the caller acts in. Throws `resource.conflict` without one. */
export function workspaceOf({ caller }: RequestContext): string {
  if (caller.workspaceId === null) throw new Problem('resource.conflict', 'Choose a workspace first.')
  return caller.workspaceId
}
