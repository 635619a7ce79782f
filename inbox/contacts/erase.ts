import type { Erasure, Surety } from '#client'
import type { Core } from '../core.ts'
import type { Database } from '../db/database.ts'
import { announce } from '../db/changes.ts'
import { asTenant } from '../db/tenant.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { isUuid } from '../kernel/id.ts'
import { presentContacts, removeContactRows } from './erasure-queries.ts'
import { lockContact } from './queries.ts'

/** Providers repeat a delivery for seven days. */
export const REPEATED_SECONDS = 8 * 86_400

/**
 * Removes what is held of a contact whose key was destroyed: nobody could read it any more. In the caller's transaction; a contact
 * that was removed before stays as it is.
 */
export async function removeContact(
  core: Pick<Core, 'clock' | 'record'>,
  tx: Database,
  of: { readonly workspace: string; readonly contact: string },
): Promise<void> {
  const { workspace, contact } = of
  const held = await lockContact(tx, workspace, contact)
  if (held === undefined || held.state === 'erased') return
  const now = core.clock.now()
  const removed = await removeContactRows(tx, of, {
    now,
    repeatedSince: secondsAfter(now, -REPEATED_SECONDS),
  })
  await core.record(tx, {
    type: 'contact.erased',
    workspace,
    target: { kind: 'contact', id: contact },
    details: { ...removed, conversations: removed.conversations.length },
  })
  for (const conversation of removed.conversations) await announce(tx, { workspace, conversation, contact })
}

/** An erasure that was committed late may have a smaller id than one that was seen: so far back is asked again. */
const OVERLAP_SECONDS = 60

/**
 * Follows the erasures that Surety knows: those since the last look, and all of them after a start, since a database that came back
 * from a backup holds again whom it had forgotten. Returns how many contacts were removed now.
 */
export function erasureFollower(
  deps: Pick<Core, 'db' | 'clock' | 'record'> & {
    readonly surety: Pick<Surety, 'erasures' | 'forgetPersons'>
  },
): () => Promise<number> {
  let after: string | null = null
  let seen = new Set<string>()
  return async () => {
    let removed = 0
    let from = after
    const fresh = new Set<string>()
    const settled = idTimeBefore(secondsAfter(deps.clock.now(), -OVERLAP_SECONDS))
    for (;;) {
      const { erasures, more } = await deps.surety.erasures(from)
      removed += await removeAll(
        deps,
        erasures.filter(({ id }) => !seen.has(id)),
      )
      for (const { id } of erasures) {
        if (id.slice(0, 13) < settled) after = id
        else fresh.add(id)
      }
      from = erasures.at(-1)?.id ?? from
      if (!more) break
    }
    seen = fresh
    return removed
  }
}

/** How the id of something that happens at this moment begins (RFC 9562, version 7). */
function idTimeBefore(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

async function removeAll(
  deps: Parameters<typeof erasureFollower>[0],
  erasures: readonly Erasure[],
): Promise<number> {
  const persons = erasures.filter(({ tenant, person }) => isUuid(tenant) && isUuid(person))
  for (const { tenant, person } of persons) deps.surety.forgetPersons(tenant, [person])
  const present = await presentContacts(deps.db, persons)
  for (const of of present) await asTenant(deps.db, of.workspace, (tx) => removeContact(deps, tx, of))
  return present.length
}
