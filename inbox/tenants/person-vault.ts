import { EnvelopeError, openBytes, openText, sealBytes, sealText, type DataKeyring } from '#envelope'
import { SuretyError, type ReleasedPersonKeys, type Surety } from '#client'
import { contextOf, type Place } from './vault.ts'

/**
 * The key of one contact, ready for use. It opens also what was sealed under the workspace's key, before the contact had one.
 * Once the contact was erased nothing opens (null) and nothing can be sealed.
 */
export interface PersonVault {
  readonly erased: boolean
  seal(place: Place, text: string): Buffer
  open(place: Place, sealed: Uint8Array): string | null
  sealBytes(place: Place, bytes: Uint8Array): Buffer
  openBytes(place: Place, sealed: Uint8Array): Buffer | null
  /** The first bytes of what this seals; a value that begins otherwise is still under another key. */
  readonly header: Buffer
}

/** Opens the vaults of some contacts of a workspace, many with one question to Surety; keys are made where there is none. Policy 2.2-a. */
export type PersonVaults = (
  workspace: string,
  persons: readonly string[],
) => Promise<(person: string) => PersonVault>

type Keys = Pick<Surety, 'tenantKeys' | 'forgetKeys' | 'personKeys' | 'forgetPersons'>

/** The first byte of every field envelope, before the id of its key. */
const ENVELOPE = 0xf6

/** Vaults over released keys; throws `SuretyError` when no key is to be had. */
export function openPersonVaults(surety: Keys, now: () => Date): PersonVaults {
  const made = new WeakMap<ReleasedPersonKeys, { readonly under: DataKeyring; readonly vault: PersonVault }>()
  return async (workspace, persons) => {
    if (persons.length === 0) return () => ERASED
    const { keyring: under } = await surety.tenantKeys(workspace)
    const keys = await surety.personKeys(workspace, persons, { make: true })
    return (person) => {
      const own = keys.get(person)
      if (own === undefined) throw new Error('a person got no key')
      if (own === null) return ERASED
      const known = made.get(own)
      if (known?.under === under) return known.vault
      const forget = (): void => {
        surety.forgetKeys(workspace)
        surety.forgetPersons(workspace, [person])
      }
      const vault = vaultOf(own, under, forget, now)
      made.set(own, { under, vault })
      return vault
    }
  }
}

function vaultOf(
  { keyring: own, sealsUntil }: ReleasedPersonKeys,
  under: DataKeyring,
  forget: () => void,
  now: () => Date,
): PersonVault {
  const context = contextOf(own.tenant)
  const ring: DataKeyring = { ...own, keys: new Map([...under.keys, ...own.keys]) }
  const current = <Result>(open: () => Result): Result => {
    try {
      return open()
    } catch (error) {
      // Another process may have sealed with a newer key: then ours are dropped, and the next try fetches it.
      if (error instanceof EnvelopeError && error.code === 'unknown-key-version') forget()
      throw error
    }
  }
  const young = (): DataKeyring => {
    // Policy 2.3-a.1. A key past its age opens and seals nothing more; the next try asks for a newer one.
    if (now() <= sealsUntil) return ring
    forget()
    throw new SuretyError('key-expired')
  }
  return {
    erased: false,
    seal: (place, text) => sealText(young(), context(place), text),
    open: (place, sealed) => current(() => openText(ring, context(place), sealed)),
    sealBytes: (place, bytes) => sealBytes(young(), context(place), bytes),
    openBytes: (place, sealed) => current(() => openBytes(ring, context(place), sealed)),
    header: Buffer.concat([Buffer.of(ENVELOPE), own.current.id]),
  }
}

function refuse(): never {
  throw new Error('nothing is sealed for a person who was erased')
}

const ERASED: PersonVault = {
  erased: true,
  seal: refuse,
  open: () => null,
  sealBytes: refuse,
  openBytes: () => null,
  header: Buffer.alloc(0),
}
