import type { RequestContext } from '../../kernel/caller.ts'
import { approveElevation, denyElevation, endEarly, reviewBreakGlass } from './decide.ts'
import type { ElevationParts } from './elevation-parts.ts'
import { chooseSupportAccess, endOverdue, readSupportAccess, stillElevated } from './ending.ts'
import { listElevations } from './listing.ts'
import { breakGlass, requestElevation, type ElevationWish } from './request.ts'

/** Elevations over their parts. */
export type Elevations = ReturnType<typeof openElevationBook>

/** Sensitive permissions for a limited time: asked for, approved by somebody else, ended by the clock. Policy 3.2-d. */
export function openElevationBook(parts: ElevationParts) {
  return {
    list: (context: RequestContext) => listElevations(parts, context),
    request: (context: RequestContext, wish: ElevationWish) => requestElevation(parts, context, wish),
    breakGlass: (context: RequestContext, wish: Omit<ElevationWish, 'minutes'>) =>
      breakGlass(parts, context, wish),
    approve: (context: RequestContext, id: string, note: string | null) =>
      approveElevation(parts, context, id, note),
    deny: (context: RequestContext, id: string, reason: string) => denyElevation(parts, context, id, reason),
    end: (context: RequestContext, id: string) => endEarly(parts, context, id),
    review: (context: RequestContext, id: string, note: string) => reviewBreakGlass(parts, context, id, note),
    supportAccess: (workspace: string) => readSupportAccess(parts, workspace),
    chooseSupportAccess: (context: RequestContext, workspace: string, allowed: boolean) =>
      chooseSupportAccess(parts, context, workspace, allowed),
    stillElevated: (id: string, permission: string) => stillElevated(parts, id, permission),
    endOverdue: () => endOverdue(parts),
  }
}
