import type { KeyLabel } from '#envelope'
import type { KeyName } from './keyring/queries.ts'

/** What a version of a tenant's key, or of one of its persons, is bound to. */
export function labelOf(key: KeyName): KeyLabel {
  const { tenant, version } = key
  return { tenant, purpose: 'person' in key ? `person ${key.person}` : key.purpose, version }
}
