import { isWord } from '../address-word.ts'

/** What can be turned away, in words. */
export const KINDS = {
  network: 'Address or range',
  account: 'Account',
  'api-key': 'API key',
  client: 'Program (OAuth 2.0)',
  directory: 'Directory',
} as const

/** One of them. */
export type Kind = keyof typeof KINDS

/** Whom another page wants to have blocked; the form begins with it. */
export interface BlockSearch {
  readonly kind?: Kind
  readonly subject?: string
}

/** Reads that from an address; what does not fit is dropped. */
export function parseBlockSearch({ kind, subject }: Record<string, unknown>): BlockSearch {
  const known = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? (kind as Kind) : undefined
  return {
    ...(known === undefined ? {} : { kind: known }),
    ...(isWord(subject, 64) ? { subject } : {}),
  }
}
