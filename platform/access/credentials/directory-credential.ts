import type { AccessParts } from '../parts.ts'
import { endConnections } from '../provisioning/connections.ts'
import { openConnection } from '../provisioning/personnel-queries.ts'
import { tokenHashes } from '../provisioning/token-queries.ts'
import { endTokens, goodToken } from '../provisioning/tokens.ts'
import type { CredentialKind, Trial } from './credential.ts'

/** Connections of personnel systems that the holder made: their messages are refused from now on. Policy 3.2-c. */
export function personnelCredential(parts: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  return {
    name: 'personnel-connection',
    end: (tx, context, { account, workspace }) =>
      endConnections(parts, tx, context, { account, ...(workspace === undefined ? {} : { workspace }) }),
    tryAgain: (ids) =>
      Promise.all(
        ids.map(async (id) => {
          const refused = (await openConnection(parts.db, id)) === undefined
          return {
            id,
            refused,
            saw: refused ? 'no open connection has this id' : 'the connection is still open',
          }
        }),
      ),
  }
}

/** Tokens that the holder made for a directory: revoked, and looked for again by their hash. Policy 3.2-c. */
export function directoryCredential(parts: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  const { db, clock } = parts
  return {
    name: 'directory-token',
    end: (tx, context, { account, workspace }) =>
      endTokens(parts, tx, context, { account, ...(workspace === undefined ? {} : { workspace }) }),
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const trials: Trial[] = []
      for (const { id, token_hash } of await tokenHashes(db, ids)) {
        const refused = (await goodToken(db, token_hash, clock.now())) === undefined
        trials.push({ id, refused, saw: refused ? 'no good token has this hash' : 'the token is still good' })
      }
      return trials
    },
  }
}
