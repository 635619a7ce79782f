import type { Log } from '../kernel/log.ts'
import type { Backups } from './backups.ts'
import type { KeepingParts } from './keeping.ts'
import type { ProofSystem, Restores } from './restore/index.ts'

/** The running system as chapter 6 works with it. */
export type RecoveryParts = KeepingParts & {
  readonly backups: Backups
  readonly restores: Restores
  readonly log: Pick<Log, 'error'>
}

/** The running system as the controls of chapter 6 observe it. */
export type RecoverySystem = KeepingParts & ProofSystem & { readonly backups: Backups }
