import type { CredentialKind } from '../credentials/credential.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { endLinks, liveAmong } from './queries.ts'

/** Links with identity providers of workspaces: whoever leaves is known there and let in here no more. Policy 3.2-c. */
export function upstreamCredential({
  db,
  clock,
  audit,
}: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  return {
    name: 'upstream-link',
    end: async (tx, context, holder, reason) => {
      const ended = await endLinks(tx, holder, clock.now())
      for (const id of ended) {
        const about = { tenant: holder.workspace ?? null, target: { kind: 'upstream-link', id } }
        await audit.record(tx, eventOf(context, 'upstream.unlinked', { ...about, details: { reason } }))
      }
      return ended
    },
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const live = await liveAmong(db, ids)
      return ids.map((id) => ({
        id,
        refused: !live.has(id),
        saw: live.has(id) ? 'the link still opens the account' : 'no live link has this id',
      }))
    },
  }
}
