import type { Database } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailLookUp, faceOf } from '../accounts/accounts.ts'
import { usableLink } from '../people/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { CredentialKind, Trial } from './credential.ts'
import { linkHashes, voidLinksOf } from './queries.ts'

/** By what the address of an account is looked up; null for somebody who was forgotten. */
async function addressOf(
  { keys }: Pick<AccessParts, 'keys'>,
  tx: Database,
  account: string,
): Promise<LookUp | null> {
  try {
    const face = await faceOf({ keys }, tx, account)
    return face === null ? null : await emailLookUp(keys, face.email)
  } catch (error) {
    if (error instanceof Problem && error.code === 'encryption.key-missing') return null
    throw error
  }
}

/** One-time links: invitations that the holder made, and links that wait for the holder. Policy 3.2-c. */
export function linkCredential({
  db,
  clock,
  audit,
  keys,
}: Pick<AccessParts, 'db' | 'clock' | 'audit' | 'keys'>): CredentialKind {
  return {
    name: 'link',
    end: async (tx, context, holder, reason) => {
      const ended = await voidLinksOf(tx, holder, await addressOf({ keys }, tx, holder.account), clock.now())
      for (const id of ended) {
        const about = { target: { kind: 'link', id }, tenant: holder.workspace ?? null, details: { reason } }
        await audit.record(tx, eventOf(context, 'link.withdrawn', about))
      }
      return ended
    },
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const trials: Trial[] = []
      for (const { id, token_hash } of await linkHashes(db, ids)) {
        const refused = (await usableLink(db, token_hash, clock.now())) === undefined
        trials.push({ id, refused, saw: refused ? 'the link is void' : 'the link still opens' })
      }
      return trials
    },
  }
}
