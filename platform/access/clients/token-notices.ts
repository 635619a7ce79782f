import { notify, type Database } from '../../db/index.ts'
import { deleteArtifact, deleteGrant, type Forgotten } from './artifact-queries.ts'

/** Kinds that every process may have in memory. */
const REMEMBERED: readonly string[] = ['AccessToken', 'ClientCredentials']

/** What a token is known by in notices and in memory: its hash, never itself. */
export function tokenName(idHash: Buffer): string {
  return `token ${idHash.toString('base64url')}`
}

/** What a client is known by in notices and in memory. */
export function rememberedClient(id: string): string {
  return `client ${id}`
}

/** Tells every process, at commit, that tokens are worth nothing. They travel as sessions do. Policy 4.3-a.2. */
export async function tokensForgotten(tx: Database, gone: readonly Forgotten[]): Promise<void> {
  for (const { kind, id_hash } of gone)
    if (REMEMBERED.includes(kind)) await notify(tx, 'session_revoked', tokenName(id_hash))
}

/** Tells every process, at commit, that the secrets of a client are not what they were. Policy 4.3-a.2. */
export async function clientChanged(tx: Database, id: string): Promise<void> {
  await notify(tx, 'session_revoked', rememberedClient(id))
}

/** Forgets what came from a grant, of one kind or with the grant itself, in every process at once. */
export function endGrant(db: Database, grantHash: Buffer, kind?: string): Promise<void> {
  return db.transaction().execute(async (tx) => {
    await tokensForgotten(tx, await deleteGrant(tx, grantHash, kind))
  })
}

/** Forgets one thing that was issued, in every process at once; tells whether it was there. */
export function endToken(db: Database, kind: string, id_hash: Buffer): Promise<boolean> {
  if (!REMEMBERED.includes(kind)) return deleteArtifact(db, kind, id_hash)
  return db.transaction().execute(async (tx) => {
    const gone = await deleteArtifact(tx, kind, id_hash)
    await tokensForgotten(tx, gone ? [{ kind, id_hash }] : [])
    return gone
  })
}
