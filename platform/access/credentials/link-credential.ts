import { usableLink } from '../people/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { CredentialKind, Trial } from './credential.ts'
import { linkHashes, voidLinksOf } from './queries.ts'

/** One-time links: invitations that the holder made, and links that wait for the holder. Policy 3.2-c. */
export function linkCredential({
  db,
  clock,
  audit,
}: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  return {
    name: 'link',
    end: async (tx, context, holder, reason) => {
      const ended = await voidLinksOf(tx, holder, clock.now())
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
