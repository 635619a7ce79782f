import type { KeyObject } from 'node:crypto'
import type { KeyLabel } from '#envelope'

/** Who keeps a root key. */
export type RootProvider = 'local-file' | 'aws-kms' | 'vault' | 'pkcs11'

/** How a root key is, as its keeper tells; never any key material. */
export interface RootHealth {
  readonly state: 'enabled' | 'disabled' | 'pending-deletion' | 'unreachable'
  /** Why it cannot be used, in one sentence; null while it can. */
  readonly problem: string | null
  /** What a reader must know about it, in sentences. */
  readonly notes: readonly string[]
  /** Whether the key can leave its keeper in the clear. */
  readonly exportable: boolean
  /** Since when its newest version is in use; null where the keeper does not say. */
  readonly rotatedAt: Date | null
  readonly versions: number | null
  /** SHA-256, hexadecimal, of who may do what with it; null where the keeper has no such text. */
  readonly policyHash: string | null
  /** Whether the keeper logs each use; null where it does not say. */
  readonly audited: boolean | null
  readonly millis: number
}

/** What a keeper was asked for. */
export type RootAction = 'wrap' | 'unwrap' | 'rewrap' | 'rotate' | 'describe'

/** What the number of a request begins with that got no answer: it may have been served all the same. */
export const UNANSWERED = 'unanswered:'

/** One request that a keeper served, under the number that it has in the keeper's own log, or one that got no answer. */
export interface RootUse {
  readonly action: RootAction
  readonly request: string
  readonly at: Date
}

/** A wrapped key and what it is for. */
export interface WrappedKey {
  readonly label: KeyLabel
  readonly wrapped: Uint8Array
}

/** A root key that wraps the keys of tenants; where its keeper allows it, it never leaves there. Policy 2.2-d. */
export interface KeyRoot {
  readonly provider: RootProvider
  /** ARN, name or fingerprint; never secret. */
  readonly id: string
  /** Names what wraps now, 64 hexadecimal digits; stands in all that it wraps (`rootFingerprint` of `describeWrapped`). */
  readonly fingerprint: string
  /** Whether it unwraps what was wrapped under this fingerprint. */
  opens(fingerprint: string): boolean
  /** Throws `encryption.root-disabled`, `encryption.root-unreachable`. */
  wrap(label: KeyLabel, key: KeyObject): Promise<Buffer>
  /** Throws those, and `encryption.unreadable` for changed bytes, another label or another root. */
  unwrap(label: KeyLabel, wrapped: Uint8Array): Promise<KeyObject>
  /** Wraps anew under the newest version what this root wrapped before, in order, inside of the keeper where that can. Throws like `unwrap`. */
  rewrap(keys: readonly WrappedKey[]): Promise<readonly Buffer[]>
  health(): Promise<RootHealth>
  /** Makes the next version; what older ones wrapped still opens. */
  rotate(): Promise<void>
  close(): Promise<void>
}
