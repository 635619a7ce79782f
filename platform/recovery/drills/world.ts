import type { OnProgress } from '#backup'
import type { SampleKeys } from '../../encryption/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RootUseNoted } from './report.ts'
import type { DrillOrder, OpenedReading } from '../restore/index.ts'

interface Closing {
  close(): Promise<void>
}

/** What a drill is given besides its order and the stores. */
export interface DrillParts {
  readonly clock: Clock
  /** Where the copies lie while it runs. */
  readonly scratch: string
  /** `PG_BIN`. */
  readonly binaries: string | undefined
  /** `SURETY_KEYS`, which holds the checkpoint of the ledger that is kept apart. */
  readonly keysFolder: string
  /** Where the clock of this process (`performance.now()`) stood when the disaster was declared; 0: its start. */
  readonly beganMs: number
  /** Keyring and root key, read only; null where they cannot be reached. */
  readonly openKeys: (used: (use: RootUseNoted) => void) => Promise<SampleKeys | null>
  /** Opens the root key with these key files and no others; `inFiles` is false where its keeper has it. */
  readonly rootKey: {
    readonly inFiles: boolean
    open(keysFolder: string, used: (use: RootUseNoted) => void): Promise<SampleKeys['root'] & Closing>
  }
  /** `SURETY_BACKUPS` and `SURETY_RECOVERY_KEYS`, as whoever follows a runbook has them. */
  readonly folders: { readonly backups: string; readonly recoveryKeys: string }
  /** What people follow in the drill of lost people: the text, and the program that is called `surety` in it. */
  readonly runbook: { readonly file: string; readonly program: string }
  /** What this process was started with. */
  readonly environment: NodeJS.ProcessEnv
  /** Hears of errors that are no finding of a point. */
  readonly fault: (error: unknown) => void
}

/** One drill. */
export interface DrillWorld extends DrillParts {
  readonly order: DrillOrder
  /** The folder of the copies. */
  readonly place: string
  readonly declaredAt: Date
  /** Every region. */
  readonly all: OpenedReading
  /** What may be read from: one region alone in the drill of a lost region. */
  readonly reading: OpenedReading
  readonly elapsedSeconds: () => number
  readonly onProgress: OnProgress
  /** Hears of every request to the keeper of the root key. */
  readonly used: (use: RootUseNoted) => void
}
