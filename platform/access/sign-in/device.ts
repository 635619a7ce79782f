import type { Database } from '../../db/index.ts'
import { newId } from '../../kernel/id.ts'
import { newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import type { AccessParts } from '../parts.ts'
import { deviceByToken, insertDevice, renewDevice } from './queries.ts'

/** What the second cookie carries: the device is known to its owner's account. It proves nothing else. */
export type DeviceToken = Secret<'device'>

/** The device of this token if it belongs to the account. */
export async function knownDevice(
  db: Database,
  account: string | undefined,
  token: DeviceToken | null,
): Promise<string | null> {
  if (token === null || account === undefined) return null
  return (await deviceByToken(db, account, secretHash(token))) ?? null
}

/** Remembers the device after two factors; the token is new every time. `unknown` is called before another one is stored. */
export async function rememberDevice(
  tx: Database,
  { clock }: Pick<AccessParts, 'clock'>,
  account: string,
  token: DeviceToken | null,
  unknown: () => Promise<void> = async () => {},
): Promise<DeviceToken> {
  const next: DeviceToken = newSecret()
  const token_hash = secretHash(next)
  const at = clock.now()
  if (token !== null && (await renewDevice(tx, account, secretHash(token), token_hash, at))) return next
  await unknown()
  await insertDevice(tx, { id: newId(clock), account_id: account, token_hash, at })
  return next
}
