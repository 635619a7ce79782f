import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { HOUR, MINUTE, secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { insertAccountLink, openAccountLink, useAccountLink, type AccountLinkKind } from './queries.ts'

/** What a link from a letter carries behind its `#`, where no server and no log sees it. */
type AccountLinkToken = Secret<'account link'>

/** How long a link is good for, in seconds. */
export const LINK_SECONDS: Readonly<Record<AccountLinkKind, number>> = {
  recovery: 30 * MINUTE,
  unlock: 30 * MINUTE,
  'cancel-reset': 14 * 24 * HOUR,
  enrol: 72 * HOUR,
}

/** A link that is open, and whose. */
export type AccountLink = NonNullable<Awaited<ReturnType<typeof openAccountLink>>>

/** Makes a link of 256 random bits, stored as its hash; it goes into a letter and nowhere else. */
export async function makeAccountLink(
  { clock, origin }: Pick<AccessParts, 'clock' | 'origin'>,
  tx: Database,
  kind: AccountLinkKind,
  whose: { readonly account: string; readonly reset?: string },
): Promise<string> {
  const token: AccountLinkToken = newSecret()
  const now = clock.now()
  await insertAccountLink(tx, {
    id: newId(clock),
    kind,
    token_hash: secretHash(token),
    account_id: whose.account,
    reset_id: whose.reset ?? null,
    created_at: now,
    expires_at: secondsAfter(now, LINK_SECONDS[kind]),
  })
  return `${origin}/console/recover#${token}`
}

/** A link that ends a lock of the account; for the letter about the lock. Policy 3.3-d. */
export function makeUnlockLink(
  parts: Pick<AccessParts, 'clock' | 'origin'>,
  tx: Database,
  account: string,
): Promise<string> {
  return makeAccountLink(parts, tx, 'unlock', { account })
}

/** The open link of a token; throws `access.link-expired`, whatever is wrong with it, and records that. */
export async function findAccountLink(
  { db, clock, audit }: Pick<AccessParts, 'db' | 'clock' | 'audit'>,
  context: RequestContext,
  token: string,
  kind?: AccountLinkKind,
): Promise<AccountLink> {
  const link = await openAccountLink(db, secretHash(asSecret(token)), clock.now())
  if (link !== undefined && (kind === undefined || link.kind === kind)) return link
  await db
    .transaction()
    .execute((tx) => audit.record(tx, eventOf(context, 'link.refused', { tenant: null, outcome: 'refused' })))
  throw expired()
}

/** Uses the link up in the transaction that does what it is for; of two at once one wins. */
export async function spendAccountLink(
  { clock, audit }: Pick<AccessParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  link: AccountLink,
): Promise<void> {
  if (!(await useAccountLink(tx, link.id, clock.now()))) throw expired()
  const target = { kind: 'account', id: link.account_id }
  await audit.record(
    tx,
    eventOf(context, 'link.redeemed', { tenant: null, target, details: { kind: link.kind } }),
  )
}

function expired(): Problem {
  return new Problem('access.link-expired', 'This link was used, or it is too old. Ask for another one.')
}
