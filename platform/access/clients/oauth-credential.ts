import type { CredentialKind, Trial } from '../credentials/credential.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { deleteOfAccount, presentArtifacts } from './artifact-queries.ts'
import { endClients } from './clients.ts'
import { goodClient } from './queries.ts'
import { tokensForgotten } from './token-notices.ts'

/**
 * What programs hold in somebody's name: every grant and token, and every program that this person registered. Grants and
 * tokens are tried again by the hash that a request would be looked up by. Policy 3.2-c, 4.3-a.2.
 */
export function oauthCredential(parts: Pick<AccessParts, 'db' | 'clock' | 'audit'>): CredentialKind {
  const { db, clock, audit } = parts
  return {
    name: 'oauth',
    end: async (tx, context, { account, workspace }, reason) => {
      const clients = await endClients(parts, tx, context, { maker: account, workspace })
      const ended = await deleteOfAccount(tx, account, workspace)
      await tokensForgotten(tx, ended)
      const target = { kind: 'account', id: account }
      const details = { reason, ended: ended.length }
      if (ended.length > 0)
        await audit.record(
          tx,
          eventOf(context, 'consent.withdrawn', { tenant: workspace ?? null, target, details }),
        )
      return [
        ...clients.map((id) => `client ${id}`),
        ...ended.map(({ kind, id_hash }) => `${kind} ${id_hash.toString('hex')}`),
      ]
    },
    tryAgain: (ids) => Promise.all(ids.map((id) => tried(db, id, clock.now()))),
  }
}

async function tried(db: AccessParts['db'], id: string, now: Date): Promise<Trial> {
  const [kind = '', name = ''] = id.split(' ')
  const refused =
    kind === 'client'
      ? (await goodClient(db, name, now)) === undefined
      : (await presentArtifacts(db, kind, [Buffer.from(name, 'hex')], now)).length === 0
  return { id, refused, saw: refused ? 'nothing that is good has this id' : 'it is still good' }
}
