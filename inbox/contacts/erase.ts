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

/** Every so often all erasures are read again, so that nothing that was missed stays. */
const WHOLE_SECONDS = 3600

type FollowDeps = Pick<Core, 'db' | 'clock' | 'record'> & {
  readonly surety: Pick<Surety, 'erasures' | 'forgetPersons'>
}

/**
 * Follows the erasures that Surety knows: those since the last look, and all of them after a start and every hour, since a database
 * that came back from a backup holds again whom it had forgotten. Returns how many contacts were removed now. One that cannot be
 * removed keeps nobody else waiting; the next round tries it again, and this one throws at its end.
 */
export function erasureFollower(deps: FollowDeps): () => Promise<number> {
  let after: string | null = null
  let seen = new Set<string>()
  let wholeAt: Date | null = null
  let left: readonly Erasure[] = []
  return async () => {
    const now = deps.clock.now()
    const whole = wholeAt === null || now >= secondsAfter(wholeAt, WHOLE_SECONDS)
    if (whole) [after, seen] = [null, new Set()]
    const done = await removeAll(deps, left)
    left = done.left
    let from = after
    const fresh = new Set<string>()
    const settled = idTimeBefore(secondsAfter(now, -OVERLAP_SECONDS))
    for (;;) {
      const { erasures, more } = await deps.surety.erasures(from)
      const next = await removeAll(
        deps,
        erasures.filter(({ id }) => !seen.has(id)),
      )
      done.removed += next.removed
      done.errors.push(...next.errors)
      left = [...left, ...next.left]
      for (const { id } of erasures) {
        if (id.slice(0, 13) < settled) after = id
        else fresh.add(id)
      }
      from = erasures.at(-1)?.id ?? from
      if (!more) break
    }
    seen = fresh
    if (whole) wholeAt = now
    if (done.errors.length > 0) throw new AggregateError(done.errors, 'contacts wait to be removed')
    return done.removed
  }
}

/** How the id of something that happens at this moment begins (RFC 9562, version 7). */
function idTimeBefore(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** What came of some erasures. */
interface Removal {
  removed: number
  /** Those that could not be removed yet, and why. */
  readonly left: readonly Erasure[]
  readonly errors: unknown[]
}

async function removeAll(deps: FollowDeps, erasures: readonly Erasure[]): Promise<Removal> {
  const persons = erasures.filter(({ tenant, person }) => isUuid(tenant) && isUuid(person))
  for (const { tenant, person } of persons) deps.surety.forgetPersons(tenant, [person])
  const present = await presentContacts(deps.db, persons)
  const errors: unknown[] = []
  const failed = new Set<string>()
  for (const of of present)
    await asTenant(deps.db, of.workspace, (tx) => removeContact(deps, tx, of)).catch((error: unknown) => {
      errors.push(error)
      failed.add(of.contact)
    })
  const left = persons.filter(({ person }) => failed.has(person))
  return { removed: present.length - errors.length, left, errors }
}
