import type { VerifierKey } from '../ledger/index.ts'

/** What a store of immutable objects says of one; `retainUntil` is the moment before which it cannot be removed, null without a lock. */
export interface ObjectHead {
  readonly path: string
  readonly bytes: number
  readonly storedAt: Date
  readonly retainUntil: Date | null
}

/** A store of immutable objects in one region. Paths are of letters, digits, `.`, `-` and `_`, separated by `/`; no two differ by case alone. */
export interface ObjectStore {
  /** The name of the region, such as `eu-central`. */
  readonly region: string
  /** Whether the store itself refuses early removal (S3 Object Lock in compliance mode); a folder only promises it. */
  readonly lock: 'compliance' | 'promised'
  /** Stores an object whole or not at all; the same bytes again are accepted, other bytes throw `RepositoryError` `exists`. The bytes are the caller's: once this has settled they may be overwritten. */
  put(path: string, bytes: Uint8Array, options: { readonly retainUntil: Date | null }): Promise<void>
  /** Throws `missing`. The bytes are the caller's alone, who may give their memory back. */
  get(path: string): Promise<Buffer>
  head(path: string): Promise<ObjectHead | null>
  /** Every object whose path begins so, in no certain order. */
  list(prefix: string): AsyncIterable<ObjectHead>
  /** Throws `locked` before the end of its retention; one that is not there is no error. */
  remove(path: string): Promise<void>
}

/** Why a repository refused; `path` names the object. */
export type RepositoryErrorCode =
  | 'exists'
  | 'missing'
  | 'locked'
  | 'unreachable'
  | 'damaged'
  | 'foreign'
  | 'unsigned'
  | 'no-key'
  | 'broken-chain'
  | 'too-large'

/** A refusal of the repository or of a store, with the name of the object that it is about. */
export class RepositoryError extends Error {
  readonly code: RepositoryErrorCode
  readonly path: string

  constructor(code: RepositoryErrorCode, path: string, cause?: unknown) {
    super(`${code}: ${path}`, { cause })
    this.name = 'RepositoryError'
    this.code = code
    this.path = path
  }
}

/** Wraps secrets to public keys; who wraps cannot open. The bytes are a file of the age format, so that stock tools open them. */
export interface SecretWrapper {
  /** The public keys, as age writes them. */
  readonly recipients: readonly string[]
  wrap(secret: Uint8Array): Promise<Uint8Array>
}

/** Opens what was wrapped; throws `no-key` when it holds none of the private keys. */
export interface SecretOpener {
  open(wrapped: Uint8Array, path: string): Promise<Buffer>
}

/** A key whose signatures count; with `until`, only on what names no later moment: afterwards another key signed in its place. */
export interface BackupVerifier extends VerifierKey {
  readonly until?: Date
}

/** An object as a manifest names it: `plainBytes` before compression, `bytes` and `sha256` (hexadecimal) of what is stored. */
export interface SealedObject {
  readonly path: string
  readonly plainBytes: number
  readonly bytes: number
  readonly sha256: string
}

/** One archive of a backup in its pieces: `base.tar`, or `OID.tar` of a tablespace. */
export interface ArchiveObjects {
  readonly name: string
  readonly objects: readonly SealedObject[]
}

/** What a backup says of itself; signed as a whole. LSNs are PostgreSQL's text, moments ISO 8601. */
export interface BackupManifest {
  readonly format: 1
  /** The system identifier of the database cluster. */
  readonly system: string
  /** `YYYYMMDDTHHMMSSZ-full` or `-incr`, sorted by time. */
  readonly name: string
  readonly kind: 'full' | 'incremental'
  readonly parent: string | null
  readonly driver: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly startLsn: string
  readonly endLsn: string
  readonly timeline: number
  /** `server_version_num` of PostgreSQL. */
  readonly serverVersion: number
  /** The epoch from whose secret the keys of its objects are derived. */
  readonly epoch: string
  readonly archives: readonly ArchiveObjects[]
  /** PostgreSQL's own `backup_manifest`. */
  readonly databaseManifest: SealedObject
}

/** How far long work has come; `totalBytes` is null while nobody knows. */
export interface Progress {
  readonly step: string
  readonly doneBytes: number
  readonly totalBytes: number | null
}

/** Hears of progress, several times a second at most. */
export type OnProgress = (progress: Progress) => void
