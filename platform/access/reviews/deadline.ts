import type { Database } from '../../db/index.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { forEachOne } from '../../kernel/each.ts'
import { Problem } from '../../kernel/problem.ts'
import { proveRevoked, revoke, tryRevoked, type Afterwards } from './carry-out.ts'
import { closeIfDone } from './decide.ts'
import { possibleReviewers } from './grant-queries.ts'
import {
  assignItem,
  campaignById,
  decideItem,
  itemsOf,
  lockItem,
  openCampaigns,
  updateCampaign,
  untriedRevocations,
  warnItem,
  type Campaign,
  type Item,
} from './queries.ts'
import { deadlineContext, grantOf, reviewEvent, scopeOf, tell, type ReviewParts } from './review-parts.ts'
import { reviewersFor } from './reviewers.ts'
import { staffFaces } from '../elevation/queries.ts'

/** Reminders go out this long before the deadline. */
const FIRST_REMINDER_SECONDS = 7 * DAY
const LAST_REMINDER_SECONDS = DAY
/** Whoever cannot be replaced is warned about at the deadline and recorded as an exception this much later. */
export const SECOND_STEP_SECONDS = 7 * DAY

/** Sends reminders and applies deadlines; safe to run at any time, in several processes. Policy 3.2-b. */
export async function applyDeadlines(parts: ReviewParts): Promise<void> {
  const { db, clock } = parts
  const [untried, campaigns] = [await untriedRevocations(db), await openCampaigns(db)]
  await forEachOne(
    [...untried.map((item) => ({ item })), ...campaigns.map((campaign) => ({ campaign }))],
    async (one) => {
      if ('item' in one) return tryAgain(parts, one.item)
      const { campaign } = one
      const now = clock.now()
      await replaceReviewers(parts, campaign)
      return now >= campaign.due_at ? applyDeadline(parts, campaign) : remind(parts, campaign, now)
    },
  )
}

/** Gives rows to somebody else whose reviewer cannot review them any more, or who had none. Policy 3.2-b. */
async function replaceReviewers(parts: ReviewParts, campaign: Campaign): Promise<void> {
  const { db, audit } = parts
  const all = await possibleReviewers(db, scopeOf(campaign.workspace_id))
  for (const item of await itemsOf(db, campaign.id, { open: true })) {
    const able = reviewersFor({ account: item.account_id, role: grantOf(item.snapshot).role }, all)
    const [next] = able
    if (next === undefined || able.some(({ account }) => account === item.reviewer_id)) continue
    await db.transaction().execute(async (tx) => {
      if (!(await assignItem(tx, item.id, next.account))) return
      const details = { before: item.reviewer_id, after: next.account, automatic: true }
      const context = deadlineContext(parts)
      await audit.record(tx, reviewEvent(context, 'review.reassigned', campaign, details, item))
    })
  }
}

async function remind(parts: ReviewParts, campaign: Campaign, now: Date): Promise<void> {
  const last = now >= secondsAfter(campaign.due_at, -LAST_REMINDER_SECONDS)
  const first = now >= secondsAfter(campaign.due_at, -FIRST_REMINDER_SECONDS)
  await parts.db.transaction().execute(async (tx) => {
    const held = await campaignById(tx, campaign.id, true)
    if (held === undefined || held.closed_at !== null) return
    const wanted = last ? held.reminded_last_at === null : first && held.reminded_first_at === null
    if (!wanted) return
    await updateCampaign(tx, held.id, last ? { reminded_last_at: now } : { reminded_first_at: now })
    const open = await itemsOf(tx, held.id, { open: true })
    const reviewers = new Set(open.flatMap(({ reviewer_id: one }) => (one === null ? [] : [one])))
    for (const account of reviewers) {
      const count = open.filter((one) => one.reviewer_id === account).length
      await tell(parts, tx, account, {
        kind: 'review-reminder',
        subject: 'Instant Reply: a review of access rights ends soon',
        text: `${count} access rights still wait for your decision. What is not decided by ${held.due_at.toISOString()} is revoked.\n\nDecide at ${parts.origin}/console/reviews.\n`,
      })
    }
  })
}

async function applyDeadline(parts: ReviewParts, campaign: Campaign): Promise<void> {
  const context = deadlineContext(parts)
  await forEachOne(await itemsOf(parts.db, campaign.id, { open: true }), async ({ id }) => {
    const left = await parts.db
      .transaction()
      .execute((tx) => undecided(parts, tx, campaign, id))
      .catch(async (error: unknown) => {
        if (!(error instanceof Problem) || error.code !== 'access.last-owner') throw error
        // Nobody could take the place: the revocation was undone, and people are told instead.
        await parts.db.transaction().execute((tx) => irreplaceable(parts, tx, campaign, id))
        return null
      })
    if (left !== null) await proveRevoked(parts, context, campaign, { id }, left)
  })
  await parts.db.transaction().execute((tx) => closeIfDone(parts, tx, context, campaign))
}

/** Undecided at the deadline means revoked. Throws `access.last-owner` for whom nobody could replace. Policy 3.2-b. */
async function undecided(
  parts: ReviewParts,
  tx: Database,
  campaign: Campaign,
  id: string,
): Promise<Afterwards | null> {
  const item = await lockItem(tx, id)
  if (item === undefined || item.decided_at !== null) return null
  if (await nobodyElse(tx, campaign, item))
    throw new Problem('access.last-owner', 'Nobody else can review it.')
  const context = deadlineContext(parts)
  const decision = {
    decision: 'revoke',
    decided_at: parts.clock.now(),
    decided_by: null,
    reason: null,
  } as const
  await decideItem(tx, id, decision)
  const details = { decision: 'revoke', automatic: true, kind: item.kind, account: item.account_id }
  await parts.audit.record(tx, reviewEvent(context, 'review.decided', campaign, details, item))
  return revoke(parts, tx, context, campaign, item)
}

/** Whether there is nobody but the subject who could have decided. */
async function nobodyElse(tx: Database, campaign: Campaign, item: Item): Promise<boolean> {
  const all = await possibleReviewers(tx, scopeOf(campaign.workspace_id))
  return all.every(({ account }) => account === item.account_id)
}

/** The two steps for whoever cannot be replaced: a warning to everybody, and later an exception that is said aloud. Policy 3.2-b. */
async function irreplaceable(
  parts: ReviewParts,
  tx: Database,
  campaign: Campaign,
  id: string,
): Promise<void> {
  const { clock, audit } = parts
  const item = await lockItem(tx, id)
  if (item === undefined || item.decided_at !== null) return
  const context = deadlineContext(parts)
  const now = clock.now()
  const facts = { kind: item.kind, account: item.account_id }
  if (item.warned_at === null) {
    await warnItem(tx, id, now)
    await audit.record(tx, reviewEvent(context, 'review.undecided-last', campaign, facts, item))
    await page(parts, tx, campaign, item, 'A review ended without a decision')
    return
  }
  if (now < secondsAfter(item.warned_at, SECOND_STEP_SECONDS)) return
  await decideItem(tx, id, { decision: 'exception', decided_at: now, decided_by: null, reason: null })
  await audit.record(tx, reviewEvent(context, 'review.exception', campaign, facts, item))
  await page(parts, tx, campaign, item, 'Access goes on without a review')
}

async function page(
  parts: ReviewParts,
  tx: Database,
  campaign: Campaign,
  item: Item,
  what: string,
): Promise<void> {
  const where = campaign.workspace_id === null ? 'among the provider’s staff' : 'in a workspace'
  const letter = {
    kind: 'review-undecided',
    subject: `Instant Reply: ${what.toLowerCase()}`,
    text: `${what}: the access of the last person in this place ${where} was not reviewed by anybody else, and revoking it would leave the place without anybody.\n\nMake somebody else an owner or administrator, who then reviews it at ${parts.origin}/console/reviews.\n`,
  }
  const staff = (await staffFaces(tx, false)).map((one) => one.id)
  for (const account of new Set([item.account_id, ...staff])) await tell(parts, tx, account, letter)
  const contact = parts.securityMailbox ?? null
  if (contact !== null) await parts.post.letter(tx, { ...letter, to: contact, account: null })
}

/** Takes up a revocation whose credentials were not tried, after a process was killed in between. */
async function tryAgain(parts: ReviewParts, item: Item): Promise<void> {
  const { db } = parts
  const campaign = await campaignById(db, item.campaign_id)
  if (campaign === undefined) return
  const context = deadlineContext(parts)
  await proveRevoked(parts, context, campaign, item, () => tryRevoked(parts, campaign, item))
}
