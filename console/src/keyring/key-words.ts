import type { KeyClass } from '../contract/recovery.ts'

const DAY_SECONDS = 86_400

const NAMES: Readonly<Record<string, string>> = {
  data: 'Data keys',
  person: 'Keys of persons',
  index: 'Look-up keys',
  root: 'Root key',
  signing: 'Signing keys',
  backup: 'Keys of backups',
  oauth: 'Keys for signing in to other programs',
  ledger: 'Key of the audit log',
  policy: 'Key of the policy',
  identity: 'Key that tells who calls',
  pepper: 'Secret mixed into passwords',
  files: 'Key of names in backups',
}

/** A class of keys by the name that people use. */
export function className(name: string): string {
  return Object.hasOwn(NAMES, name) ? (NAMES[name] ?? name) : name
}

/** When the oldest key of a class must be replaced; null where the policy sets no age, or there is no key. */
export function dueAt({ aged, oldestSince }: KeyClass, limitSeconds: number): string | null {
  if (!aged || oldestSince === null) return null
  return new Date(Date.parse(oldestSince) + limitSeconds * 1000).toISOString()
}

/** From this share of the allowed age on, a key counts as late: the daily job should have replaced it. */
export const LATE_SHARE = 0.95

/** The allowed age in words of days, as the policy says it. */
export function daysOf(seconds: number): string {
  return `${Math.round(seconds / DAY_SECONDS)} days`
}

/** Whose keys: a workspace by its id, or the provider. */
export function ownerName(tenant: string): string {
  return tenant === 'provider' ? 'the provider' : `workspace ${tenant}`
}
