import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { faceOf } from '../accounts/accounts.ts'
import { reviewInterval } from '../parameters.ts'
import { possibleReviewers } from './grant-queries.ts'
import { campaignById, campaignsOf, itemsOf, scopeStates, type Campaign, type Item } from './queries.ts'
import {
  grantOf,
  grantsOf,
  reasonField,
  requireInScope,
  scopeOf,
  sealedFor,
  type ReviewParts,
} from './review-parts.ts'
import { reviewersFor } from './reviewers.ts'
import { seenHash, snapshotHash, type Grant } from './snapshot.ts'

/** Rows on one page. */
const PAGE_ITEMS_MAX = 100

/** A person as rows name them. */
interface Named {
  readonly id: string
  readonly name: string
  readonly email: string
}

type Names = (account: string | null) => Promise<Named | null>

/** Names people, each looked up once. */
function namesOf(parts: ReviewParts): Names {
  const known = new Map<string, Promise<Named | null>>()
  return async (account) => {
    if (account === null) return null
    const found = known.get(account) ?? faceOf(parts, parts.db, account)
    known.set(account, found)
    return found
  }
}

/** A row as a reviewer's screen shows it; `seen` is said back by whoever keeps several at once. */
export interface ItemFace {
  readonly id: string
  readonly position: number
  readonly subject: Named | null
  readonly grant: Grant
  readonly grantor: Named | null
  readonly privileged: boolean
  readonly seen: string
  readonly reviewer: Named | null
  /** Nobody but the subject could decide; a second person is needed. */
  readonly needsSecondPerson: boolean
  readonly mine: boolean
  readonly decision: string | null
  readonly newRole: string | null
  readonly reason: string | null
  readonly decidedAt: string | null
  /** Null for what the deadline decided. */
  readonly decidedBy: Named | null
  readonly automatic: boolean
  /** What came of trying what was revoked; null when nothing was. */
  readonly trials: unknown
}

async function faceOfItem(
  parts: ReviewParts,
  campaign: Campaign,
  item: Item,
  names: Names,
  viewer: string,
): Promise<ItemFace> {
  const grant = grantOf(item.snapshot)
  const [kind = '', by = ''] = grant.grantedBy.split(' ')
  return {
    id: item.id,
    position: item.position,
    subject: await names(item.account_id),
    grant,
    grantor: kind === 'account' ? await names(by) : null,
    privileged: item.privileged,
    seen: seenHash(item.snapshot),
    reviewer: await names(item.reviewer_id),
    needsSecondPerson: item.reviewer_id === null,
    mine: item.reviewer_id === viewer,
    decision: item.decision,
    newRole: item.new_role,
    reason:
      item.reason === null
        ? null
        : await parts.keys.openText(sealedFor(campaign), reasonField(item.id), item.reason),
    decidedAt: item.decided_at?.toISOString() ?? null,
    decidedBy: await names(item.decided_by),
    automatic: item.decision !== null && item.decided_by === null,
    trials: item.trials,
  }
}

/** The reviews of the caller's workspace and, for the provider's staff, of the staff. */
export async function listCampaigns(parts: ReviewParts, { caller }: RequestContext) {
  const { db, policy } = parts
  const scopes: (string | null)[] = []
  if (caller.workspaceId !== null && caller.workspaceRole !== null) scopes.push(caller.workspaceId)
  if (caller.staffRole !== null) scopes.push(null)
  const states = await scopeStates(db)
  const interval = policy.read(reviewInterval)
  const found = await Promise.all(
    scopes.map(async (workspace) => {
      const state = states.find((one) => one.workspace === workspace)
      const next = state?.lastOpened ?? null
      return {
        scope: workspace === null ? ('staff' as const) : ('workspace' as const),
        people: state?.people ?? 0,
        /** When the next one opens by itself at the latest; null when there is nobody else to review yet. */
        nextAt: next === null ? null : secondsAfter(next, interval - DAY).toISOString(),
        campaigns: (await campaignsOf(db, workspace, caller.id)).map(faceOfCampaign),
      }
    }),
  )
  return { now: parts.clock.now().toISOString(), scopes: found }
}

function faceOfCampaign(row: Awaited<ReturnType<typeof campaignsOf>>[number]) {
  return {
    id: row.id,
    openedAt: row.opened_at.toISOString(),
    dueAt: row.due_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
    items: row.item_count,
    hash: row.snapshot_hash.toString('hex'),
    decided: row.decided,
    kept: row.kept,
    revoked: row.revoked,
    changed: row.changed,
    exceptions: row.exceptions,
    mine: row.mine,
    unassigned: row.unassigned,
  }
}

async function campaignFor(parts: ReviewParts, context: RequestContext, id: string): Promise<Campaign> {
  return requireInScope(context, await campaignById(parts.db, id))
}

/** A page of rows; `cursor` is what the page before gave as `next`. */
export async function listItems(
  parts: ReviewParts,
  context: RequestContext,
  id: string,
  which: { readonly cursor?: number | undefined; readonly mine?: boolean; readonly open?: boolean },
) {
  const campaign = await campaignFor(parts, context, id)
  const items = await itemsOf(parts.db, id, {
    after: which.cursor ?? -1,
    most: PAGE_ITEMS_MAX + 1,
    open: which.open ?? false,
    ...(which.mine === true ? { reviewer: context.caller.id } : {}),
  })
  const page = items.slice(0, PAGE_ITEMS_MAX)
  const names = namesOf(parts)
  return {
    items: await Promise.all(page.map((one) => faceOfItem(parts, campaign, one, names, context.caller.id))),
    next: items.length > PAGE_ITEMS_MAX ? (page.at(-1)?.position ?? null) : null,
  }
}

/** Who could review a row instead. */
export async function listReviewers(parts: ReviewParts, context: RequestContext, id: string, item: string) {
  const campaign = await campaignFor(parts, context, id)
  const [found] = (await itemsOf(parts.db, id)).filter((one) => one.id === item)
  if (found === undefined) throw new Problem('resource.unknown', 'There is no such row.')
  const all = await possibleReviewers(parts.db, scopeOf(campaign.workspace_id))
  const able = reviewersFor({ account: found.account_id, role: grantOf(found.snapshot).role }, all)
  const names = namesOf(parts)
  const reviewers = await Promise.all(able.map(({ account }) => names(account)))
  return { reviewers: reviewers.filter((one) => one !== null) }
}

/** The result of a review: every row with its decision, and whether the snapshot is the one that the ledger names. */
export async function report(parts: ReviewParts, context: RequestContext, id: string) {
  const campaign = await campaignFor(parts, context, id)
  const items = await itemsOf(parts.db, id)
  const names = namesOf(parts)
  const count = (decision: string): number => items.filter((one) => one.decision === decision).length
  return {
    id,
    scope: campaign.workspace_id === null ? ('staff' as const) : ('workspace' as const),
    openedAt: campaign.opened_at.toISOString(),
    dueAt: campaign.due_at.toISOString(),
    closedAt: campaign.closed_at?.toISOString() ?? null,
    hash: campaign.snapshot_hash.toString('hex'),
    /** Computed again from the rows just now. */
    intact: isIntact(campaign, items),
    previous: campaign.previous_id,
    counts: {
      items: items.length,
      keep: count('keep'),
      revoke: count('revoke'),
      change: count('change'),
      exception: count('exception'),
      open: items.filter((one) => one.decision === null).length,
      automatic: items.filter((one) => one.decision !== null && one.decided_by === null).length,
    },
    gone: grantsOf(campaign.gone),
    items: await Promise.all(items.map((one) => faceOfItem(parts, campaign, one, names, context.caller.id))),
  }
}

/** Whether the rows are those that the hash was made of. Policy 3.2-b. */
export function isIntact(
  campaign: Pick<Campaign, 'item_count' | 'snapshot_hash'>,
  items: readonly Pick<Item, 'snapshot'>[],
): boolean {
  const hash = snapshotHash(items.map(({ snapshot }) => snapshot))
  return items.length === campaign.item_count && hash.equals(campaign.snapshot_hash)
}
