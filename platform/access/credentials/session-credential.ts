import { sessionByToken } from '../sessions/queries.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { AccessParts } from '../parts.ts'
import type { CredentialKind, Trial } from './credential.ts'
import { openSessionIds, sessionHashes } from './queries.ts'

/** Sessions: ended at once everywhere, and looked for again by the hash of their token. Policy 3.2-c. */
export function sessionCredential({
  db,
  sessions,
}: Pick<AccessParts, 'db'> & { readonly sessions: Sessions }): CredentialKind {
  return {
    name: 'session',
    end: async (tx, context, holder) => {
      const open = await openSessionIds(tx, holder)
      const which = holder.workspace === undefined ? {} : { workspace: holder.workspace }
      await sessions.end(tx, context, holder.account, which, 'withdrawn')
      return open
    },
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const trials: Trial[] = []
      for (const { id, token_hash } of await sessionHashes(db, ids)) {
        const refused = (await sessionByToken(db, token_hash)) === undefined
        trials.push({
          id,
          refused,
          saw: refused ? 'no live session has this token' : 'the session is still live',
        })
      }
      return trials
    },
  }
}
