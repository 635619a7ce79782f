import { PROVIDER, type FieldPlace, type LookUp } from '../../encryption/index.ts'
import { newId } from '../../kernel/id.ts'
import type { Database } from '../../db/index.ts'
import type { AccessParts } from '../parts.ts'
import { bcryptCost } from '../parameters.ts'
import { sealedAccount, type NewAccount } from './queries.ts'

/** An account as its owner and colleagues see it. */
export interface AccountFace {
  readonly id: string
  readonly email: string
  readonly name: string
}

/** Where a field of an account is sealed. */
function accountField(column: 'email' | 'display_name', id: string): FieldPlace {
  return { table: 'account', column, row: id }
}

/**
 * Seals fields of an account under the key of its person, so that one person can be forgotten everywhere, in backups
 * too. A probe is nobody: it would leave a key behind at every check.
 */
function sealFor(keys: AccessParts['keys'], id: string, probe: boolean) {
  return (column: 'email' | 'display_name', text: string): Promise<Buffer> =>
    probe
      ? keys.sealText(PROVIDER, accountField(column, id), text)
      : keys.forPerson(PROVIDER, id).sealText(accountField(column, id), text)
}

/** Destroys the key of an account's person with the caller's transaction: name and address are lost for good (GDPR, article 17). */
export async function forgetPerson(
  { keys }: Pick<AccessParts, 'keys'>,
  tx: Database,
  id: string,
): Promise<void> {
  await keys.forPerson(PROVIDER, id).destroy(tx)
}

/** What a normalised e-mail address is looked up by; the first is what is stored. */
export function emailLookUp(keys: Pick<AccessParts['keys'], 'lookUp'>, email: string): Promise<LookUp> {
  return keys.lookUp(PROVIDER, 'account.email', email)
}

/** Opens name and address of an account; null when there is none. */
export async function faceOf(
  parts: Pick<AccessParts, 'keys'>,
  db: Database,
  id: string,
): Promise<AccountFace | null> {
  const sealed = await sealedAccount(db, id)
  return sealed === undefined ? null : openFace(parts, sealed)
}

/** Opens the sealed fields of an account row. */
export async function openFace(
  { keys }: Pick<AccessParts, 'keys'>,
  sealed: { readonly id: string; readonly email: Buffer; readonly display_name: Buffer },
): Promise<AccountFace> {
  const { id } = sealed
  const own = keys.forPerson(PROVIDER, id)
  return {
    id,
    email: await own.openText(accountField('email', id), sealed.email),
    name: await own.openText(accountField('display_name', id), sealed.display_name),
  }
}

/** What a new account is made of; everything slow was done before the transaction that stores it. */
export type PreparedAccount = NewAccount & { readonly id: string }

/** Hashes and seals a new account. */
export async function prepareAccount(
  { clock, keys, policy, hasher }: Pick<AccessParts, 'clock' | 'keys' | 'policy' | 'hasher'>,
  wanted: {
    readonly email: string
    readonly name: string
    readonly password: string
    readonly probe?: boolean
    /** When the service for breached passwords judged it; a probe's random one needs no judgement. */
    readonly breachCheckedAt?: Date | null
  },
): Promise<PreparedAccount> {
  const id = newId(clock)
  const seal = sealFor(keys, id, wanted.probe === true)
  return {
    id,
    email: await seal('email', wanted.email),
    email_index: await emailLookUp(keys, wanted.email),
    display_name: await seal('display_name', wanted.name),
    ...(await hasher.hash(wanted.password, policy.read(bcryptCost))),
    breach_checked_at: wanted.breachCheckedAt ?? null,
    password_set_at: clock.now(),
    created_at: clock.now(),
    probe: wanted.probe ?? false,
  }
}
