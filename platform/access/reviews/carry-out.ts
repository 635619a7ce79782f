import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { endKeys } from '../api-keys/api-keys.ts'
import { endClients } from '../clients/clients.ts'
import { oauthCredential } from '../clients/oauth-credential.ts'
import { apiKeyCredential } from '../credentials/api-key-credential.ts'
import type { Trial } from '../credentials/credential.ts'
import { credentialKinds } from '../credentials/kinds.ts'
import { elevationCredential, endElevationsOf } from '../elevation/ending.ts'
import { openLeavers } from '../leavers/leavers.ts'
import { giveRole, giveStaffRole, takeRole } from '../roles/grants.ts'
import { mappedRole } from '../roles/map-of-jobs.ts'
import { requirePower } from '../roles/power.ts'
import { heldRole, staffOf } from '../roles/queries.ts'
import { sessionCredential } from '../credentials/session-credential.ts'
import { administratorCount, noteItemTrials, type Campaign, type Item } from './queries.ts'
import { reviewEvent, type ReviewParts } from './review-parts.ts'

/** Sessions and elevations that ended with a role among the staff. */
interface EndedStaff {
  readonly sessions: readonly string[]
  readonly elevations: readonly string[]
}

/** What is left to do after a revocation is written: end every credential and try each. */
export type Afterwards = () => Promise<readonly Trial[]>

/** Nothing that the review was about exists any more. */
const nothing: Afterwards = async () => [{ id: 'grant', refused: true, saw: 'the grant was gone already' }]

/**
 * Takes what a row is about, in the caller's transaction; what it returns runs after the commit. Throws
 * `access.last-owner` for the last owner and the last administrator. Policy 3.2-b.
 */
export async function revoke(
  parts: ReviewParts,
  tx: Database,
  context: RequestContext,
  campaign: Campaign,
  item: Item,
): Promise<Afterwards> {
  if (item.kind === 'staff') return revokeStaff(parts, tx, context, item)
  const workspace = campaign.workspace_id
  if (workspace === null) throw new Error('a review of the staff holds staff alone')
  if (item.kind === 'membership') return revokeMember(parts, tx, context, { workspace, item })
  if (item.kind === 'api-key') {
    await endKeys(parts, tx, context, workspace, { id: item.target_id })
    return () => apiKeyCredential(parts).tryAgain([item.target_id])
  }
  await endClients(parts, tx, context, { workspace, id: item.target_id })
  return () => oauthCredential(parts).tryAgain([`client ${item.target_id}`])
}

async function revokeMember(
  parts: ReviewParts,
  tx: Database,
  context: RequestContext,
  { workspace, item }: { readonly workspace: string; readonly item: Item },
): Promise<Afterwards> {
  const account = item.account_id
  if ((await heldRole(tx, workspace, account)) === undefined) return nothing
  if (context.caller.kind === 'account')
    await requirePower(tx, context, workspace, { account, next: null }, parts.clock.now())
  await takeRole(parts, tx, context, { account, workspace, via: 'review', reason: 'review' })
  const leavers = openLeavers(parts, credentialKinds(parts))
  const why = { reason: 'review', cause: item.id, denied: true } as const
  const departure = await leavers.deny(tx, context, { account, workspace }, why)
  return async () => {
    const { steps } = await leavers.carryOn(context, departure)
    return steps.flatMap(({ kind, trials }) => trials.map((one) => ({ ...one, saw: `${kind}: ${one.saw}` })))
  }
}

async function revokeStaff(
  parts: ReviewParts,
  tx: Database,
  context: RequestContext,
  item: Item,
): Promise<Afterwards> {
  const account = item.account_id
  const held = await staffOf(tx, account)
  if (held === undefined) return nothing
  if (held.role === 'administrator' && (await administratorCount(tx)) <= 1)
    throw new Problem('access.last-owner', 'Make somebody else an administrator first.')
  await giveStaffRole(parts, tx, context, { account, role: null, via: 'review' })
  const kinds = { sessions: sessionCredential(parts), elevations: elevationCredential(parts) }
  const ended: EndedStaff = {
    elevations: await endElevationsOf(parts, tx, context, { account }, 'rights-withdrawn'),
    sessions: [...(await kinds.sessions.end(tx, context, { account }, 'review'))],
  }
  return async () => [
    ...(await kinds.sessions.tryAgain(ended.sessions)),
    ...(await kinds.elevations.tryAgain(ended.elevations)),
  ]
}

/** Whether what a decision took is gone, for one that was cut off before it could try. */
export async function tryRevoked(
  parts: ReviewParts,
  { workspace_id: workspace }: Pick<Campaign, 'workspace_id'>,
  item: Item,
): Promise<readonly Trial[]> {
  if (item.kind === 'api-key') return apiKeyCredential(parts).tryAgain([item.target_id])
  if (item.kind === 'client') return oauthCredential(parts).tryAgain([`client ${item.target_id}`])
  const held =
    workspace === null
      ? await staffOf(parts.db, item.account_id)
      : await heldRole(parts.db, workspace, item.account_id)
  const gone = held === undefined
  return [{ id: item.target_id, refused: gone, saw: gone ? 'the grant is gone' : 'there is a grant again' }]
}

/**
 * Gives a member another role, as far as the reviewer may give it; keys stay within it by themselves. Roles of the staff
 * are given by an elevation, not by a review. Policy 3.2-b.
 */
export async function change(
  parts: ReviewParts,
  tx: Database,
  context: RequestContext,
  campaign: Campaign,
  item: Item,
  role: string,
): Promise<void> {
  const account = item.account_id
  const workspace = campaign.workspace_id
  if (item.kind !== 'membership' || workspace === null)
    throw new Problem(
      'request.invalid',
      'Only the role of a member can be changed here: keep this or revoke it.',
    )
  const present = await requirePower(tx, context, workspace, { account, next: role }, parts.clock.now())
  if (present === undefined) throw new Problem('resource.unknown', 'This person is not a member any more.')
  const next = await mappedRole(tx, workspace, role)
  // Somebody whose present work the role is not for does its usual work from then on.
  const fits = present.jobFunction !== null && next.jobs.includes(present.jobFunction)
  const jobFunction = fits ? undefined : next.jobs[0]
  await giveRole(parts, tx, context, { account, workspace, role: next.role, jobFunction, via: 'review' })
}

/** Runs what a revocation left to do and stores the refusals as evidence. Policy 3.2-b. */
export async function proveRevoked(
  parts: ReviewParts,
  context: RequestContext,
  campaign: Campaign,
  item: Pick<Item, 'id'>,
  afterwards: Afterwards,
): Promise<readonly Trial[]> {
  const trials = await afterwards()
  const live = trials.filter((one) => !one.refused).length
  await parts.db.transaction().execute(async (tx) => {
    await noteItemTrials(tx, item.id, [...trials], parts.clock.now())
    const event = reviewEvent(
      context,
      'review.revocation-tried',
      campaign,
      { tried: trials.length, live },
      item,
    )
    await parts.audit.record(tx, { ...event, outcome: live === 0 ? 'success' : 'failed' })
  })
  return trials
}
