import type { AccessParts } from '../parts.ts'
import type { CredentialKind } from './credential.ts'
import { devicesStill, forgetDevices } from './queries.ts'

/** Devices that an account is known on; whoever leaves one workspace of several keeps theirs. Policy 3.2-c. */
export function deviceCredential({ db }: Pick<AccessParts, 'db'>): CredentialKind {
  return {
    name: 'device',
    end: async (tx, _context, holder) =>
      holder.workspace === undefined ? forgetDevices(tx, holder.account) : [],
    tryAgain: async (ids) => {
      if (ids.length === 0) return []
      const still = new Set(await devicesStill(db, ids))
      return ids.map((id) => ({
        id,
        refused: !still.has(id),
        saw: still.has(id) ? 'the device is still known' : 'no account knows this device',
      }))
    },
  }
}
