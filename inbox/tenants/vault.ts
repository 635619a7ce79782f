import {
  EnvelopeError,
  openBytes,
  openText,
  sealBytes,
  sealText,
  versionedIndex,
  type LookUp,
  type VersionedIndex,
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
  /** What a normalised text is looked up by, by purpose: the first is what is stored, and rows may have any. */
  lookUp(purpose: string, value: string | Uint8Array): LookUp
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

/** What a sealed field of a tenant is bound to. */
export function contextOf(tenant: string) {
  return ([table, column, row]: Place) => ({ tenant, table: `inbox.${table}`, column, row })
}

function vaultOf(
  tenant: string,
  { keyring, indexes, sealsUntil }: ReleasedTenantKeys,
  forget: () => void,
  now: () => Date,
): WorkspaceVault {
  const prepared = new Map<string, VersionedIndex>()
  const context = contextOf(tenant)
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
    lookUp: (purpose, value) => {
      const known = prepared.get(purpose) ?? versionedIndex(indexes, { tenant, purpose: `inbox.${purpose}` })
      prepared.set(purpose, known)
      return known(value, now())
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
