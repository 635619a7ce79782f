import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { Trial } from '../credentials/credential.ts'
import { Problem } from '../../kernel/problem.ts'
import { change, proveRevoked, revoke, type Afterwards } from './carry-out.ts'
import { possibleReviewers } from './grant-queries.ts'
import {
  assignItem,
  campaignById,
  campaignOfItem,
  decideItem,
  itemsOf,
  lockItem,
  updateCampaign,
  type Campaign,
  type Item,
} from './queries.ts'
import {
  grantOf,
  reasonField,
  requireInScope,
  reviewEvent,
  scopeOf,
  sealedFor,
  tell,
  type ReviewParts,
} from './review-parts.ts'
import { reviewersFor } from './reviewers.ts'
import { seenHash } from './snapshot.ts'

/** What a reviewer decides about one row. */
export interface Decision {
  readonly decision: 'keep' | 'revoke' | 'change'
  /** Needed for everything but keeping an ordinary row. */
  readonly reason: string | null
  /** The role instead, for `change`. */
  readonly role: string | null
}

/** A row that waits for this caller, in a campaign that goes on. Throws when it is not theirs to decide. Policy 3.2-b. */
async function ownItem(
  tx: Database,
  context: RequestContext,
  id: string,
): Promise<{ readonly item: Item; readonly campaign: Campaign }> {
  const { caller } = context
  if (caller.kind !== 'account' || caller.onBehalfOf !== null)
    throw new Problem('access.denied', 'Only a person decides in a review.')
  // Held first, so that decisions of one review come one after another.
  const campaign = requireInScope(context, await campaignOfItem(tx, id))
  const item = await lockItem(tx, id)
  if (item === undefined) throw new Problem('resource.unknown', 'There is no such row.')
  if (item.account_id === caller.id)
    throw new Problem('access.own-request', 'Nobody reviews their own access.')
  if (item.decided_at !== null || campaign.closed_at !== null)
    throw new Problem('access.too-late', 'This was decided already.')
  if (item.reviewer_id !== caller.id)
    throw new Problem('access.denied', 'Somebody else reviews this. Have it given to you first.')
  const able = await ableFor(tx, campaign, item)
  if (!able.includes(caller.id)) throw new Problem('access.denied', 'Your role does not allow this any more.')
  return { item, campaign }
}

/** Who may decide about a row now. */
async function ableFor(tx: Database, campaign: Campaign, item: Item): Promise<readonly string[]> {
  const all = await possibleReviewers(tx, scopeOf(campaign.workspace_id))
  return reviewersFor({ account: item.account_id, role: grantOf(item.snapshot).role }, all).map(
    ({ account }) => account,
  )
}

/** Decides about one row; a revocation has taken effect everywhere when this returns. Policy 3.2-b. */
export async function decide(
  parts: ReviewParts,
  context: RequestContext,
  id: string,
  wanted: Decision,
): Promise<{ readonly trials: readonly Trial[] }> {
  const { campaign, item, afterwards } = await parts.db.transaction().execute(async (tx) => {
    const found = await ownItem(tx, context, id)
    requireReason(found.item, wanted)
    return { ...found, afterwards: await writeDecision(parts, tx, context, found, wanted) }
  })
  const trials = afterwards === null ? [] : await proveRevoked(parts, context, campaign, item, afterwards)
  return { trials }
}

function requireReason(item: Item, { decision, reason, role }: Decision): void {
  if (reason === null && (item.privileged || decision !== 'keep'))
    throw new Problem('request.invalid', 'reason: say why in a few words.')
  if ((decision === 'change') !== (role !== null))
    throw new Problem('request.invalid', 'role: it comes with a change, and only with one.')
}

async function writeDecision(
  parts: ReviewParts,
  tx: Database,
  context: RequestContext,
  { campaign, item }: { readonly campaign: Campaign; readonly item: Item },
  { decision, reason, role }: Decision,
): Promise<Afterwards | null> {
  const sealed =
    reason === null ? null : await parts.keys.sealText(sealedFor(campaign), reasonField(item.id), reason)
  const done = await decideItem(tx, item.id, {
    decision,
    decided_at: parts.clock.now(),
    decided_by: context.caller.id,
    reason: sealed,
    ...(role === null ? {} : { new_role: role }),
  })
  if (!done) throw new Problem('access.too-late', 'This was decided already.')
  const details = { decision, kind: item.kind, account: item.account_id, row: seenHash(item.snapshot), role }
  await parts.audit.record(tx, reviewEvent(context, 'review.decided', campaign, details, item))
  const afterwards = decision === 'revoke' ? await revoke(parts, tx, context, campaign, item) : null
  if (decision === 'change' && role !== null) await change(parts, tx, context, campaign, item, role)
  await closeIfDone(parts, tx, context, campaign)
  return afterwards
}

/** Closes a campaign in which everything is decided. */
export async function closeIfDone(
  parts: Pick<ReviewParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  campaign: Campaign,
): Promise<void> {
  // Held, so that of the last two decisions at once one sees the other.
  await campaignById(tx, campaign.id, true)
  if ((await itemsOf(tx, campaign.id, { open: true, most: 1 })).length > 0) return
  if (!(await updateCampaign(tx, campaign.id, { closed_at: parts.clock.now() }))) return
  const hash = campaign.snapshot_hash.toString('hex')
  await parts.audit.record(tx, reviewEvent(context, 'review.closed', campaign, { hash }))
}

/**
 * Keeps several ordinary rows at once, each of which the caller's screen has shown: it says the hash of each back.
 * Refused as a whole when one is privileged. Policy 3.2-b.
 */
export async function keepShown(
  parts: ReviewParts,
  context: RequestContext,
  campaign: string,
  wanted: {
    readonly items: readonly { readonly id: string; readonly seen: string }[]
    readonly reason: string | null
  },
): Promise<number> {
  return parts.db.transaction().execute(async (tx) => {
    for (const { id, seen } of wanted.items.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      const found = await ownItem(tx, context, id)
      if (found.campaign.id !== campaign) throw new Problem('resource.unknown', 'There is no such row.')
      if (found.item.privileged)
        throw new Problem('access.denied', 'Privileged access is decided one by one, never in bulk.')
      if (seenHash(found.item.snapshot) !== seen)
        throw new Problem('resource.conflict', 'A row was not shown as it is. Load the list again.')
      const decision = { decision: 'keep', reason: wanted.reason, role: null } as const
      await writeDecision(parts, tx, context, found, decision)
    }
    return wanted.items.length
  })
}

/** Gives a row to another reviewer, with a note that stands in the audit log. Never to its subject. Policy 3.2-b. */
export async function reassign(
  parts: ReviewParts,
  context: RequestContext,
  id: string,
  to: { readonly reviewer: string; readonly note: string },
): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    const campaign = requireInScope(context, await campaignOfItem(tx, id))
    const item = await lockItem(tx, id)
    if (item === undefined) throw new Problem('resource.unknown', 'There is no such row.')
    if (to.reviewer === item.account_id)
      throw new Problem('access.own-request', 'Nobody reviews their own access.')
    if (item.account_id === context.caller.id)
      throw new Problem('access.own-request', 'Nobody chooses who reviews them.')
    if (!(await ableFor(tx, campaign, item)).includes(to.reviewer))
      throw new Problem('access.not-eligible', 'This person cannot review it.')
    if (!(await assignItem(tx, id, to.reviewer)))
      throw new Problem('access.too-late', 'This was decided already.')
    const details = { before: item.reviewer_id, after: to.reviewer, note: to.note }
    await parts.audit.record(tx, reviewEvent(context, 'review.reassigned', campaign, details, item))
    await tell(parts, tx, to.reviewer, {
      kind: 'review-reassigned',
      subject: 'Instant Reply: a review was given to you',
      text: `An access right waits for your decision until ${campaign.due_at.toISOString()}.\n\nDecide at ${parts.origin}/console/reviews.\n`,
    })
  })
}
