import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { forEachOne } from '../../kernel/each.ts'
import { newId } from '../../kernel/id.ts'
import { reviewDue, reviewInterval } from '../parameters.ts'
import { assign } from './reviewers.ts'
import { possibleReviewers, readGrants, type Scope } from './grant-queries.ts'
import {
  insertCampaign,
  insertItems,
  itemsOf,
  lastCampaign,
  scopeStates,
  type ScopeState,
} from './queries.ts'
import { deadlineContext, grantOf, reviewEvent, tell, type ReviewParts } from './review-parts.ts'
import { comparedWith, isPrivileged, snapshotHash, type Grant } from './snapshot.ts'

/** Reads the grants of a scope; a known-bad run gives one that leaves something out. */
export type ReadGrants = typeof readGrants

/** Opens a review of a scope: the snapshot, its hash in the ledger, a reviewer for each row. Null when one is open. Policy 3.2-b. */
export async function openCampaign(
  parts: ReviewParts,
  context: RequestContext,
  scope: Scope,
  read: ReadGrants = readGrants,
): Promise<string | null> {
  const { db, clock, policy, audit } = parts
  return db.transaction().execute(async (tx) => {
    const now = clock.now()
    const last = await lastCampaign(tx, scope)
    const before =
      last === undefined ? null : (await itemsOf(tx, last.id)).map((one) => grantOf(one.snapshot))
    const { grants, gone } = comparedWith(before, await read(tx, scope, now))
    const id = newId(clock)
    const due_at = secondsAfter(now, policy.read(reviewDue))
    const hash = snapshotHash(grants)
    const stored = await insertCampaign(tx, {
      id,
      workspace_id: scope.workspace,
      probe: scope.probe,
      opened_at: now,
      due_at,
      previous_id: last?.id ?? null,
      item_count: grants.length,
      snapshot_hash: hash,
      gone: JSON.stringify(gone),
    })
    if (!stored) return null
    const reviewers = await storeItems(parts, tx, id, scope, grants)
    const campaign = { id, workspace_id: scope.workspace }
    const details = { hash: hash.toString('hex'), items: grants.length, due: due_at.toISOString() }
    await audit.record(tx, reviewEvent(context, 'review.opened', campaign, details))
    for (const [account, count] of reviewers)
      await tell(parts, tx, account, openedLetter(parts.origin, count, due_at))
    return id
  })
}

/** Stores the rows and returns how many wait for whom. */
async function storeItems(
  { clock }: ReviewParts,
  tx: Database,
  campaign: string,
  scope: Scope,
  grants: readonly Grant[],
): Promise<ReadonlyMap<string, number>> {
  const reviewers = assign(grants, await possibleReviewers(tx, scope))
  const waiting = new Map<string, number>()
  for (const one of reviewers) if (one !== null) waiting.set(one, (waiting.get(one) ?? 0) + 1)
  await insertItems(
    tx,
    grants.map((grant, position) => ({
      id: newId(clock),
      campaign_id: campaign,
      workspace_id: scope.workspace,
      position,
      kind: grant.kind,
      account_id: grant.account,
      target_id: grant.target,
      privileged: isPrivileged(grant),
      snapshot: JSON.stringify(grant),
      reviewer_id: reviewers[position] ?? null,
    })),
  )
  return waiting
}

function openedLetter(origin: string, count: number, due: Date) {
  return {
    kind: 'review-opened',
    subject: 'Instant Reply: access rights wait for your review',
    text: `${count} access rights of other people wait for your decision until ${due.toISOString()}.\n\nKeep, change or revoke each at ${origin}/console/reviews. What nobody decides by then is revoked.\n`,
  }
}

/**
 * Whether a scope's review has to open now: a day before the interval is over, so that work of once an hour never comes
 * late; the first one as soon as somebody is there whom somebody else can review. Policy 3.2-b.
 */
export function isDue(state: ScopeState, intervalSeconds: number, now: Date): boolean {
  if (state.open || state.people < 2) return false
  if (state.lastOpened === null) return true
  return now >= secondsAfter(state.lastOpened, intervalSeconds - DAY)
}

/** Opens every review whose time has come; returns how many. Policy 3.2-b. */
export async function openDue(parts: ReviewParts): Promise<number> {
  const interval = parts.policy.read(reviewInterval)
  let opened = 0
  await forEachOne(await scopeStates(parts.db), async (state) => {
    if (!isDue(state, interval, parts.clock.now())) return
    const scope = { workspace: state.workspace, probe: false }
    if ((await openCampaign(parts, deadlineContext(parts), scope)) !== null) opened += 1
  })
  return opened
}
