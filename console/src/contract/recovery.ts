import type {
  encryptionRoutes,
  keyRoutes,
  rootRoutes,
  rotationRoutes,
} from '../../../platform/encryption/index.ts'
import type { Contract } from '../../../platform/kernel/route.ts'
import type { recoveryRoutes, standbyRoutes } from '../../../platform/recovery/index.ts'
import type { Wire } from './wire.ts'

/** Keys with their ages and uses, backups, restores and what takes over from what. */
export type RecoveryApi = Contract<ReturnType<typeof rotationRoutes>> &
  Contract<ReturnType<typeof rootRoutes>> &
  Contract<ReturnType<typeof keyRoutes>> &
  Contract<ReturnType<typeof encryptionRoutes>> &
  Contract<ReturnType<typeof recoveryRoutes>> &
  Contract<ReturnType<typeof standbyRoutes>>

/** Every class of keys, and the age that the policy allows. */
export type KeyClasses = Wire<RecoveryApi['GET /api/keys']['reply']>
/** Keys of one kind. */
export type KeyClass = KeyClasses['classes'][number]
/** How far stored values were moved under the newest keys. */
export type RotationStatus = Wire<RecoveryApi['GET /api/keys/status']['reply']>
/** The root key as its keeper tells of it. */
export type RootKey = Wire<RecoveryApi['GET /api/keys/root']['reply']>
/** A use of keys. */
export type KeyUse = Wire<RecoveryApi['GET /api/keys/uses']['reply']>['uses'][number]
/** Copies of the keyring. */
export type KeyringCopies = Wire<RecoveryApi['GET /api/keys/copies']['reply']>
/** The schedule of backups, its runs and how far regions are behind. */
export type Schedule = Wire<RecoveryApi['GET /api/recovery/schedule']['reply']>
/** A backup that was begun. */
export type BackupRun = Schedule['runs'][number]
/** The retention as days. */
export type Calendar = Wire<RecoveryApi['GET /api/recovery/calendar']['reply']>
/** One day of it. */
export type CalendarDay = Calendar['days'][number]
/** A backup as the calendar shows it. */
export type CalendarBackup = Calendar['chain'][number]
/** A region that backups lie in. */
export type Region = Wire<RecoveryApi['GET /api/recovery/regions']['reply']>['regions'][number]
/** A restore that was made as a proof. */
export type RestoreProof = Wire<RecoveryApi['GET /api/recovery/proofs']['reply']>['proofs'][number]
/** A restore for a look. */
export type Sandbox = Wire<RecoveryApi['GET /api/recovery/sandboxes']['reply']>['sandboxes'][number]
/** A hold on backups. */
export type Hold = Wire<RecoveryApi['GET /api/recovery/holds']['reply']>['holds'][number]
/** What says that a backup was removed. */
export type Certificate = Wire<RecoveryApi['GET /api/recovery/certificates']['reply']>['certificates'][number]
/** The two sites of the database. */
export type Standing = Wire<RecoveryApi['GET /api/recovery/standby']['reply']>
/** Drills, what they are held to, and when the next game day is. */
export type Drills = Wire<RecoveryApi['GET /api/recovery/drills']['reply']>
/** One drill. */
export type Drill = Drills['drills'][number]
