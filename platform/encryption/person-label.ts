import type { KeyLabel } from '#envelope'

/** What the key of one person is bound to. */
export function personLabel(tenant: string, person: string): KeyLabel {
  return { tenant, purpose: `person ${person}`, version: 1 }
}
