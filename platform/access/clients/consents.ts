import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { deleteGrant, grantsOf } from './artifact-queries.ts'
import { clientName } from './clients.ts'
import { tokensForgotten } from './token-notices.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>

/** What the caller allowed programs to do in their name. */
export async function listConsents(parts: Parts, { caller }: RequestContext) {
  const rows = await grantsOf(parts.db, caller.id, parts.clock.now())
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id_hash.toString('hex'),
      client: { id: row.client_id, name: await clientName(parts, row.client_id) },
      workspace: row.workspace_id,
      scopes: row.scopes,
      givenAt: row.created_at.toISOString(),
    })),
  )
}

/** Withdraws what the caller allowed a program, with every token that came of it. Throws `resource.unknown`. */
export async function withdrawConsent(parts: Parts, context: RequestContext, id: string): Promise<void> {
  const { db, clock, audit } = parts
  const own = await grantsOf(db, context.caller.id, clock.now())
  const found = own.find((row) => row.id_hash.toString('hex') === id)
  if (found === undefined) throw new Problem('resource.unknown', 'You allowed no such thing.')
  await db.transaction().execute(async (tx) => {
    await tokensForgotten(tx, await deleteGrant(tx, found.id_hash))
    const target = { kind: 'client', id: found.client_id }
    await audit.record(tx, eventOf(context, 'consent.withdrawn', { tenant: found.workspace_id, target }))
  })
}
