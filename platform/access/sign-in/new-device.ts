import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { deviceWords, writeTo } from '../letters.ts'
import type { AccessParts } from '../parts.ts'
import { hasDevice } from './queries.ts'

/**
 * Writes to the owner that a sign-in completes on a device that the account does not know; the first device of all is
 * the one that the account was set up on. Called before the device is remembered.
 */
export async function tellOfNewDevice(
  parts: Pick<AccessParts, 'keys' | 'clock' | 'origin' | 'post'>,
  tx: Database,
  context: RequestContext,
  account: string,
): Promise<void> {
  if (await hasDevice(tx, account))
    await writeTo(parts, tx, account, 'new-device', { device: deviceWords(context) })
}
