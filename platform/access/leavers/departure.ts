import type { Trial } from '../credentials/credential.ts'

/** Why somebody's credentials end. */
export type LeaverReason =
  | 'directory'
  | 'personnel'
  | 'manual'
  | 'review'
  | 'removed'
  | 'reconciled'
  | 'erasure'

/** Why, and what told of it. */
export interface Why {
  readonly reason: LeaverReason
  /** Id of what told: a directory's token, a personnel event, a review, a person; never a name. */
  readonly cause: string
  /** When the news reached the system; now unless told. */
  readonly toldAt?: Date
  /** Who is to own what this person alone owns. */
  readonly successor?: string
  /** The caller has withdrawn the right itself already, so that no flag is set here. */
  readonly denied?: true
}

/** What came of one kind of credential. */
export interface DepartureStep {
  readonly kind: string
  readonly ended: number
  readonly refused: number
  /** Seconds after the news. */
  readonly endedAfterSeconds: number
  readonly triedAfterSeconds: number | null
  readonly trials: readonly Trial[]
}

/** Somebody's leaving as far as it has come. Policy 3.2-c. */
export interface Departure {
  readonly id: string
  readonly account: string
  readonly workspace: string | null
  /** Credentials end in every workspace. */
  readonly everywhere: boolean
  readonly reason: LeaverReason
  readonly toldAt: string
  /** Seconds after the news. */
  readonly deniedAfterSeconds: number
  readonly finishedAfterSeconds: number | null
  /** Workspaces that nobody owns now. */
  readonly ownerless: readonly string[]
  /** Credentials that still worked when they were tried; 0 is the proof. */
  readonly stillLive: number
  readonly steps: readonly DepartureStep[]
}
