import { endKeys } from '../api-keys/api-keys.ts'
import { keyByToken } from '../api-keys/queries.ts'
import type { AccessParts } from '../parts.ts'
import type { CredentialKind, Trial } from './credential.ts'
import { keyHashes, keyWorkspaces, openKeyIds } from './queries.ts'

/** API keys that the holder made: revoked, and looked for again by their hash. Policy 3.2-c, 4.3-a.2. */
export function apiKeyCredential(parts: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  const { db, clock } = parts
  return {
    name: 'api-key',
    end: async (tx, context, holder) => {
      const ended: string[] = []
      for (const workspace of await keyWorkspaces(tx, holder)) {
        ended.push(...(await openKeyIds(tx, holder.account, workspace)))
        await endKeys(parts, tx, context, workspace, { account: holder.account })
      }
      return ended
    },
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const trials: Trial[] = []
      for (const { id, token_hash } of await keyHashes(db, ids)) {
        const refused = (await keyByToken(db, token_hash, clock.now())) === undefined
        trials.push({ id, refused, saw: refused ? 'no good key has this hash' : 'the key is still good' })
      }
      return trials
    },
  }
}
