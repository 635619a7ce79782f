import { DAY, secondsBetween } from '../../kernel/clock.ts'
import { accessChanged } from '../changed.ts'
import { writeTo } from '../letters.ts'
import type { AccessParts } from '../parts.ts'
import { noteBreached, noteChecked } from './queries.ts'

type Parts = Pick<
  AccessParts,
  'db' | 'clock' | 'audit' | 'post' | 'keys' | 'origin' | 'breaches' | 'rechecks'
>

/** An account whose password was right a moment ago. */
export interface SignedInWith {
  readonly id: string
  readonly password_hash: string
  readonly breach_checked_at: Date | null
}

/** Once a day is enough; a password that the service never judged is asked about at every sign-in. */
function isDue({ breach_checked_at }: SignedInWith, now: Date): boolean {
  return breach_checked_at === null || secondsBetween(breach_checked_at, now) >= DAY
}

/** Looks again whether a right password is breached by now, while it is at hand. Policy 3.3-c. */
export async function recheckAtSignIn(parts: Parts, account: SignedInWith, password: string): Promise<void> {
  const { db, clock, breaches, rechecks } = parts
  if (!isDue(account, clock.now())) return
  const { breached, asked, sha1 } = await breaches.check(password)
  if (breached) await markBreached(parts, account.id, account.password_hash)
  else if (asked) await noteChecked(db, account.id, account.password_hash, clock.now())
  else rechecks.add({ account: account.id, passwordHash: account.password_hash, sha1 })
}

/** Asks the service about passwords that were set while it did not answer. Policy 3.3-c. */
export async function retryRechecks(parts: Parts): Promise<void> {
  await parts.rechecks.retry(async ({ account, passwordHash, breached }) => {
    if (breached) await markBreached(parts, account, passwordHash)
    else await noteChecked(parts.db, account, passwordHash, parts.clock.now())
  })
}

/** From now on every session of the account may choose another password and nothing else; its owner is told. */
async function markBreached(parts: Parts, account: string, passwordHash: string): Promise<void> {
  const { db, clock, audit } = parts
  await db.transaction().execute(async (tx) => {
    if (!(await noteBreached(tx, account, passwordHash, clock.now()))) return
    await audit.record(tx, {
      type: 'password.breached',
      tenant: null,
      actor: { kind: 'system', id: 'access.breaches' },
      target: { kind: 'account', id: account },
      outcome: 'success',
      details: {},
      request: null,
    })
    await writeTo(parts, tx, account, 'password-breached', {})
    await accessChanged(tx, { account })
  })
}
