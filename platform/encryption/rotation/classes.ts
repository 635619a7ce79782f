import type { KeyUser } from '../key-parts.ts'

/** A key that seals, signs or wraps now. */
export interface AgedKey {
  readonly name: string
  readonly since: Date
  /** Where keys of the class are numbered. */
  readonly version?: number
  /** How many keys it stands for, of which it is the oldest; one unless told. */
  readonly count?: number
}

/** Keys of one kind: which are in use, and how they are replaced. */
export interface KeyClass {
  /** One word, as the command line takes it. */
  readonly name: string
  readonly says: string
  /** How they are replaced, in one sentence. */
  readonly how: string
  /** Whether the policy limits their age. */
  readonly aged: boolean
  inUse(): Promise<readonly AgedKey[]>
  /** Replaces them now and returns how many were; null where another command or another machine does that. */
  readonly rotate: ((user: KeyUser, to?: string) => Promise<number>) | null
  /** Whether `to` of a rotation may be the public half of a key that was made elsewhere. */
  readonly takesRecipient?: true
}
