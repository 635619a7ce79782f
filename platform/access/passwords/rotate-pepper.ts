import type { RequestContext } from '../../kernel/caller.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { hashKinds } from './queries.ts'

/** The pepper that new hashes use, and how many accounts still wait for their next sign-in. */
export interface RotatedPepper {
  readonly version: number
  readonly accounts: readonly { readonly version: number; readonly accounts: number }[]
}

/**
 * Makes the next pepper. Every password is hashed with it at the next sign-in; until then older peppers verify, so no
 * file of an older version may be removed while an account is listed under it. Policy 3.3-b.
 */
export async function rotatePepper(
  { db, hasher, audit }: Pick<AccessParts, 'db' | 'hasher' | 'audit'>,
  context: RequestContext,
): Promise<RotatedPepper> {
  // The file is made first: an event without a pepper would be a lie, a pepper without an event is used and listed.
  const version = await hasher.rotatePepper()
  await db
    .transaction()
    .execute((tx) => audit.record(tx, eventOf(context, 'pepper.rotated', { details: { version } })))
  const sums = new Map<number, number>()
  for (const { pepper_version, accounts } of await hashKinds(db))
    sums.set(pepper_version, (sums.get(pepper_version) ?? 0) + accounts)
  return { version, accounts: [...sums].map(([each, accounts]) => ({ version: each, accounts })) }
}
