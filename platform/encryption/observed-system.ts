import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { RecordEvent } from './key-parts.ts'
import type { Keyring } from './keyring/database.ts'
import type { StoredCopy } from './keyring-backup/index.ts'
import type { FollowedLogs, KeyRoot } from './roots/index.ts'
import type { LookUpColumn } from './rotation/index.ts'
import type { TenantKeys } from './tenant-keys.ts'

/** The running system as the controls of clauses 2.2 and 2.3 observe it. */
export interface EncryptionSystem {
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly keys: TenantKeys
  readonly root: KeyRoot
  /** What the keepers of root keys log themselves. */
  readonly rootLogs: () => FollowedLogs
  readonly record: RecordEvent
  readonly keysFolder: string
  /** Folder of the embedded keyring; not there where the keyring is a server of the operator's own. */
  readonly keyringFolder: string
  /** Which clusters hold the data and the keyring. */
  readonly clusters: () => Promise<{ readonly data: string; readonly keyring: string }>
  /** The copies of the keyring in every store. */
  readonly keyringCopies: () => Promise<readonly StoredCopy[]>
  /** Folders that hold encrypted data: `SURETY_VAR`, and the embedded database's where that is elsewhere. */
  readonly dataFolders: readonly string[]
  /** Where the protected service asks for keys. */
  readonly serviceSocket: string
  /** Every column of look-up values. */
  readonly lookUps: readonly LookUpColumn[]
  /** Keys of other modules that age, such as the backup key, with the moment since when they are in use. */
  readonly otherKeys: () => Promise<readonly { readonly name: string; readonly since: Date }[]>
}

/** Who does what a check does. */
export const CHECK = { kind: 'system', id: 'encryption.check' } as const
