import {
  blindIndex,
  EnvelopeError,
  openBytes,
  openText,
  sealBytes,
  sealText,
  type BlindIndex,
} from '#envelope'
import { SuretyError, type ReleasedTenantKeys, type Surety } from '#client'

/** Where a sealed field lives: table, column and row. */
export type Place = readonly [table: string, column: string, row: string]

/** Keys of one workspace, ready for use in one piece of work. */
export interface WorkspaceVault {
  seal(place: Place, text: string): Buffer
  open(place: Place, sealed: Uint8Array): string
  sealBytes(place: Place, bytes: Uint8Array): Buffer
  openBytes(place: Place, sealed: Uint8Array): Buffer
  /** The look-up value of a normalised text, by purpose. */
  index(purpose: string, value: string | Uint8Array): Buffer
}

/** Opens workspaces' vaults with the keys that Surety releases. Policy 2.2-a. */
export type Vaults = (workspace: string) => Promise<WorkspaceVault>

/** Vaults over released keys; throws `SuretyError` when no key is to be had. */
export function openVaults(surety: Pick<Surety, 'tenantKeys' | 'forgetKeys'>, now: () => Date): Vaults {
  const made = new WeakMap<ReleasedTenantKeys, WorkspaceVault>()
  return async (workspace) => {
    const keys = await surety.tenantKeys(workspace)
    const vault = made.get(keys) ?? vaultOf(workspace, keys, () => surety.forgetKeys(workspace), now)
    made.set(keys, vault)
    return vault
  }
}

function vaultOf(
  tenant: string,
  { keyring, index, sealsUntil }: ReleasedTenantKeys,
  forget: () => void,
  now: () => Date,
): WorkspaceVault {
  const indexes = new Map<string, BlindIndex>()
  const context = ([table, column, row]: Place) => ({ tenant, table: `inbox.${table}`, column, row })
  // Policy 2.3-a.1. A key past its age opens and seals nothing more; the next try asks for a newer one.
  const young = (): typeof keyring => {
    if (now() <= sealsUntil) return keyring
    forget()
    throw new SuretyError('key-expired')
  }
  return {
    seal: (place, text) => sealText(young(), context(place), text),
    open: (place, sealed) => current(forget, () => openText(keyring, context(place), sealed)),
    sealBytes: (place, bytes) => sealBytes(young(), context(place), bytes),
    openBytes: (place, sealed) => current(forget, () => openBytes(keyring, context(place), sealed)),
    index: (purpose, value) => {
      const known = indexes.get(purpose) ?? blindIndex(index, { tenant, purpose: `inbox.${purpose}` })
      indexes.set(purpose, known)
      return known(value)
    },
  }
}

/** Another process may have sealed with a newer key: then ours are dropped, and the next try fetches it. */
function current<Result>(forget: () => void, open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    if (error instanceof EnvelopeError && error.code === 'unknown-key-version') forget()
    throw error
  }
}
