import type { KeyObject } from 'node:crypto'
import type { NoteSigner } from '../ledger/index.ts'
import type {
  ArchiveObjects,
  BackupManifest,
  BackupVerifier,
  ObjectHead,
  ObjectStore,
  OnProgress,
  RepositoryError,
  SealedObject,
  SecretOpener,
  SecretWrapper,
} from './model.ts'
import type { ObjectPacker } from './object-packer.ts'
import type { WalIndex, WalPlan } from './wal-model.ts'

/** How long objects are locked from the moment they are written, in seconds. Policy 6.1-e. */
export interface Retention {
  /** What the policy says: 90 days. */
  readonly keepSeconds: number
  /** On top for everything, so that the full backup of a day outlives the last incremental of its chain. */
  readonly graceSeconds: number
  /** For pieces of a segment of the log, which the whole segment replaces. */
  readonly tailSeconds: number
  /** After this long a file is stored anew, so that no lock needs to grow. */
  readonly filePeriodSeconds: number
}

/** An object arrived in a region, or did not. */
export type RegionEvent =
  | { readonly kind: 'stored'; readonly path: string; readonly region: string; readonly bytes: number }
  | { readonly kind: 'missed'; readonly path: string; readonly region: string; readonly error: Error }

/** What a repository is opened with. A host that only writes has no `opener`; one that only reads has neither signer nor wrapper. */
export interface RepositoryOptions {
  /** The system identifier of the database cluster, decimal. */
  readonly system: string
  /** At least one; each of another region. */
  readonly stores: readonly ObjectStore[]
  readonly verifiers: readonly BackupVerifier[]
  readonly signer?: NoteSigner
  /** Asked when a backup becomes whole, by a process during which the key that signs may be followed by another. */
  readonly newestSigner?: () => Promise<NoteSigner>
  readonly wrapper?: SecretWrapper
  readonly opener?: SecretOpener
  /** Names files by their content; without it every file is stored anew by each process. */
  readonly fileKey?: KeyObject
  readonly clock: { now(): Date }
  /** Asked at every write, so that a change of the policy counts at once. */
  readonly retention: () => Retention
  /** An epoch older than this is followed by another, in seconds; 3600 by default. */
  readonly epochSeconds?: number
  /** The size of a segment of the cluster's log, at most 16 MiB, which is the default. */
  readonly segmentBytes?: number
  /** Packs and opens the objects of archives on threads of their own (`packerThreads`); without it the caller's thread does. */
  readonly packer?: ObjectPacker
  readonly onRegion?: (event: RegionEvent) => void
}

/** An object that at least one region has acknowledged, and which did by then. */
export interface StoredObject {
  readonly object: SealedObject
  readonly regions: readonly string[]
}

/** Takes one archive of unknown length in pieces of any size and stores it as objects, several at a time, in order. */
export interface ArchiveWriter {
  /** Takes the bytes at once (they may be reused); a promise asks to wait for it before more is written, null does not. */
  write(bytes: Uint8Array): Promise<void> | null
  /** Resolves when every object is acknowledged by at least one region; throws what went wrong. */
  end(): Promise<ArchiveObjects>
  /** Bytes taken, and bytes stored so far. */
  readonly plainBytes: number
  readonly storedBytes: number
}

/** What the database said of a backup once it was whole. */
export type BackupFacts = Pick<
  BackupManifest,
  'driver' | 'startLsn' | 'endLsn' | 'timeline' | 'serverVersion'
> & { readonly databaseManifest: Uint8Array }

/** A backup that is being written; it exists once `finish` has stored its signed manifest. */
export interface BackupWriter {
  /** Its name, made from the moment it began. */
  readonly name: string
  readonly epoch: string
  /** `base.tar`, or `OID.tar` of a tablespace; one at a time, each ended before the next. */
  archive(name: string): ArchiveWriter
  /** Stores the database's manifest and then, in each region that has every object, the signed one. */
  finish(
    facts: BackupFacts,
  ): Promise<{ readonly manifest: BackupManifest; readonly regions: readonly string[] }>
}

/** A manifest with the regions that hold it. */
export interface FoundBackup {
  readonly manifest: BackupManifest
  readonly regions: readonly string[]
}

/** Every backup that is there, oldest first, and every manifest that was refused. */
export interface FoundBackups {
  readonly backups: readonly FoundBackup[]
  readonly refused: readonly RepositoryError[]
}

/** A file of a set: its name in the folder, and the object that holds it (several when it is over 16 MiB). */
export interface FileEntry {
  readonly name: string
  readonly epoch: string
  readonly objects: readonly SealedObject[]
}

/** Files as they were at a moment; signed as a whole. */
export interface Fileset {
  readonly system: string
  /** Which folder, such as `ledger`. */
  readonly folder: string
  /** `YYYYMMDDTHHMMSSZ`-like, sorted by time; the name of its note is `FOLDER-TIME`. */
  readonly name: string
  readonly at: string
  readonly files: readonly FileEntry[]
}

/** Where to recover to, and from which region alone (any by default). */
export interface RecoveryRequest {
  readonly at: Date | 'latest'
  readonly region?: string
  /** A certain backup instead of the newest that fits; then manifests that were refused do not matter. */
  readonly backup?: string
  /** Up to where the log was acknowledged, as recorded elsewhere; a log that ends before that is refused. */
  readonly atLeastLsn?: string
  /** Folders whose files are wanted too, such as `ledger`. */
  readonly folders?: readonly string[]
}

/** Everything that a restore needs: the full backup and its incrementals oldest first, the log after them, files by folder. */
export interface RecoveryPlan {
  readonly chain: readonly BackupManifest[]
  readonly wal: WalPlan
  /** Of each folder the last set at or before the moment and then the first after it. */
  readonly filesets: readonly Fileset[]
}

/** What reading everything of a backup said; it throws `RepositoryError` at the first object that is not right. */
export interface BackupVerdict {
  readonly name: string
  readonly region: string
  readonly objects: number
  readonly bytes: number
  readonly plainBytes: number
  /** Whether the objects were opened and unpacked, or only compared with the hashes of the signed manifest. */
  readonly opened: boolean
}

/** What a copy of one region to another came to. */
export interface MirrorReport {
  readonly region: string
  readonly copied: number
  readonly bytes: number
  /** Objects that no region holds as they should be; they were not copied. */
  readonly refused: readonly RepositoryError[]
}

/** What re-wrapping came to; `superseded` are the older sidecars, to be removed once nothing locks them. */
export interface RewrapReport {
  readonly epochs: number
  readonly superseded: readonly string[]
}

/** A repository of immutable objects in one or more regions. Every refusal is a `RepositoryError` that names the object. */
export interface Repository {
  readonly system: string
  readonly regions: readonly string[]

  /** Begins a backup: makes a new epoch when the last is older than an hour. */
  startBackup(request: {
    readonly kind: BackupManifest['kind']
    readonly parent: string | null
  }): Promise<BackupWriter>
  /** Every manifest of the regions (or of one), each checked. */
  backups(options?: { readonly region?: string }): Promise<FoundBackups>
  /** One manifest; throws `missing`, `unsigned`, `foreign`, `damaged`. */
  manifest(name: string, options?: { readonly region?: string }): Promise<BackupManifest>
  /** The pieces of an archive, opened and unpacked a few ahead, in order. */
  readArchive(
    manifest: BackupManifest,
    archive: string,
    options?: { readonly region?: string; readonly onProgress?: OnProgress },
  ): AsyncIterable<Buffer>
  /** PostgreSQL's own manifest of the backup. */
  readDatabaseManifest(manifest: BackupManifest, options?: { readonly region?: string }): Promise<Buffer>

  /** A whole segment of the log; `segment` is its name of 24 digits. One that is there already from before is accepted. */
  putSegment(segment: string, bytes: Uint8Array): Promise<StoredObject>
  /** Bytes `from`.. of a segment that is still being written. */
  putTail(segment: string, from: number, bytes: Uint8Array): Promise<StoredObject>
  /** The history file of a timeline. */
  putHistory(timeline: number, text: Uint8Array): Promise<StoredObject>
  walIndex(options?: { readonly region?: string }): Promise<WalIndex>
  /** A segment of a plan at its full size (what is not there yet is zero). */
  readSegment(segment: WalPlan['segments'][number], options?: { readonly region?: string }): Promise<Buffer>
  readHistory(timeline: number, options?: { readonly region?: string }): Promise<Buffer>

  /** Stores the files that are not there yet and signs the set; `read` is asked only for those. */
  putFileset(request: {
    readonly folder: string
    readonly files: AsyncIterable<{ readonly name: string; read(): Promise<Uint8Array> }>
    /** The set before, by whose unchanged files this one is written shorter. */
    readonly previous?: Fileset
    /** Whether a file of this name surely holds what it held in `previous`. */
    readonly unchanged?: (name: string) => boolean
  }): Promise<Fileset>
  /** Names of the sets of a folder, oldest first. */
  filesets(folder: string, options?: { readonly region?: string }): Promise<readonly string[]>
  readFileset(name: string, options?: { readonly region?: string }): Promise<Fileset>
  /** The set by which a set is written shorter, and which it needs; null for one that is whole. */
  basesOf(name: string, region?: string): Promise<string | null>
  readFile(file: FileEntry, options?: { readonly region?: string }): Promise<Buffer>

  /** Any other object, sealed under the current epoch; `path` begins with the system. */
  putObject(path: string, plain: Uint8Array): Promise<StoredObject>
  /** Opens an object; `expected` adds the size and hash of a signed note. The result lies at the beginning of `into` where it fits there and threads share it. */
  getObject(
    path: string,
    options?: {
      readonly region?: string
      readonly expected?: SealedObject
      readonly into?: Buffer | undefined
    },
  ): Promise<Buffer>

  /** Which backups and which log reach the target; throws `missing` or `broken-chain` with what is not there. */
  plan(request: RecoveryRequest): Promise<RecoveryPlan>
  /** Reads every object of a backup in one region. */
  verifyBackup(
    name: string,
    options: { readonly region: string; readonly onProgress?: OnProgress },
  ): Promise<BackupVerdict>
  /** Copies what the region lacks from the others, sealed as it is; notes last. Needs no secret. */
  mirror(region: string, onProgress?: OnProgress): Promise<MirrorReport>
  /** Wraps the secret of every epoch anew, without touching any object. */
  rewrapEpochs(
    request: { readonly opener: SecretOpener; readonly wrapper: SecretWrapper },
    onProgress?: (done: number, total: number) => void,
  ): Promise<RewrapReport>
  /** Everything of this system in a region, for expiry and for counts. */
  objects(region: string): Promise<readonly ObjectHead[]>
  /** Waits until no write is under way in any region. */
  settled(): Promise<void>
}
