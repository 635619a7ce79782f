import type { RequestContext } from '../../kernel/caller.ts'
import { forEachOne } from '../../kernel/each.ts'
import { applyDeadlines } from './deadline.ts'
import { decide, keepShown, reassign, type Decision } from './decide.ts'
import { listCampaigns, listItems, listReviewers, report } from './listing.ts'
import { openCampaign, openDue, type ReadGrants } from './open-campaign.ts'
import type { Scope } from './grant-queries.ts'
import { deadlineContext, type ReviewParts } from './review-parts.ts'

/** Reviews over their parts. */
export type Reviews = ReturnType<typeof openReviewBook>

/** Quarterly reviews of access rights: they open by themselves, and what nobody decides is revoked. Policy 3.2-b. */
export function openReviewBook(parts: ReviewParts) {
  return {
    list: (context: RequestContext) => listCampaigns(parts, context),
    items: (context: RequestContext, id: string, which: Parameters<typeof listItems>[3]) =>
      listItems(parts, context, id, which),
    reviewers: (context: RequestContext, id: string, item: string) => listReviewers(parts, context, id, item),
    decide: (context: RequestContext, id: string, wanted: Decision) => decide(parts, context, id, wanted),
    keep: (context: RequestContext, id: string, wanted: Parameters<typeof keepShown>[3]) =>
      keepShown(parts, context, id, wanted),
    reassign: (context: RequestContext, id: string, to: Parameters<typeof reassign>[3]) =>
      reassign(parts, context, id, to),
    report: (context: RequestContext, id: string) => report(parts, context, id),
    /** Opens a review of one scope now. */
    open: (scope: Scope, read?: ReadGrants) => openCampaign(parts, deadlineContext(parts), scope, read),
    /** What happens every hour: reviews open, reminders go out, deadlines decide. */
    hourly: async (): Promise<void> => {
      await forEachOne([openDue, applyDeadlines], (work) => work(parts))
    },
  }
}
