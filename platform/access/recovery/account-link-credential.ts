import type { CredentialKind, Trial } from '../credentials/credential.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { accountLinkHashes, openAccountLink, voidAccountLinks } from './queries.ts'

/** Links from letters: a new password, the end of a lock, another factor after a reset. Policy 3.2-c. */
export function accountLinkCredential({
  db,
  clock,
  audit,
}: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  return {
    name: 'account-link',
    end: async (tx, context, holder, reason) => {
      // They reach the account itself, which stays when only one workspace is left.
      if (holder.workspace !== undefined) return []
      const ended = await voidAccountLinks(tx, holder.account, clock.now())
      for (const id of ended) {
        const about = { tenant: null, target: { kind: 'link', id }, details: { reason } }
        await audit.record(tx, eventOf(context, 'link.withdrawn', about))
      }
      return ended
    },
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const trials: Trial[] = []
      for (const { id, token_hash } of await accountLinkHashes(db, ids)) {
        const refused = (await openAccountLink(db, token_hash, clock.now())) === undefined
        trials.push({ id, refused, saw: refused ? 'the link is void' : 'the link still opens' })
      }
      return trials
    },
  }
}
