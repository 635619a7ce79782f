import type { Database } from '../../db/index.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { dutyOf, NO_STANDING, suffices, type Standing } from '../sign-in/standing.ts'
import { secondFactorsOf, standingRow } from './queries.ts'

/** The kinds of second factor that a person sets up. */
export type OwnedKind = 'totp' | 'sms' | 'webauthn'

/** A second factor of an account. */
export interface OwnedFactor {
  readonly id: string
  readonly kind: OwnedKind
  /** What its owner calls it, sealed; null for a number. */
  readonly label: Buffer | null
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** Every confirmed second factor of an account, of whatever kind, oldest first. */
export async function ownedFactors(db: Database, account: string): Promise<OwnedFactor[]> {
  return (await secondFactorsOf(db, account)).flatMap(({ id, kind, label, created_at, last_used_at }) =>
    id === null || kind === null || created_at === null
      ? []
      : [{ id, kind: kind as OwnedKind, label, createdAt: created_at, lastUsedAt: last_used_at }],
  )
}

/** What decides which second factors count for an account. */
export async function standingOf(db: Database, account: string): Promise<Standing> {
  return (await standingRow(db, account)) ?? NO_STANDING
}

/**
 * Throws `access.last-factor` unless the account keeps a factor that counts for its role when this one is removed; call it
 * holding the account's row. Policy 3.1-0, 3.1-c.
 */
export async function requireNotLast(
  { policy }: { readonly policy: PolicyReader },
  tx: Database,
  account: string,
  id: string,
): Promise<OwnedFactor> {
  const owned = await ownedFactors(tx, account)
  const gone = owned.find((one) => one.id === id)
  if (gone === undefined) throw new Problem('resource.unknown', 'There is no such factor.')
  const duty = dutyOf(policy, await standingOf(tx, account))
  const counts = owned.some((one) => one.id !== id && suffices(duty, ['password', one.kind]))
  if (!counts)
    throw new Problem(
      'access.last-factor',
      duty === 'key'
        ? 'Your role keeps a security key: add another one first.'
        : 'Every account keeps a second factor that counts for its role: add another one first.',
    )
  return gone
}
