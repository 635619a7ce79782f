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
  if (token === null) return null
  const device = await deviceByToken(db, secretHash(token))
  return device !== undefined && device.account_id === account ? device.id : null
}

/** Remembers the device after two factors; the token is new every time. */
export async function rememberDevice(
  tx: Database,
  { clock }: Pick<AccessParts, 'clock'>,
  account: string,
  token: DeviceToken | null,
): Promise<DeviceToken> {
  const next: DeviceToken = newSecret()
  const at = clock.now()
  const known = await knownDevice(tx, account, token)
  if (known === null)
    await insertDevice(tx, { id: newId(clock), account_id: account, token_hash: secretHash(next), at })
  else await renewDevice(tx, known, secretHash(next), at)
  return next
}
