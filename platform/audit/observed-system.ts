import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { Ledger } from './ledger.ts'
import type { AuditReader } from './reading.ts'
import type { Audit } from './record.ts'

/** What may change something, and the event it declares. */
export interface DeclaredWork {
  readonly name: string
  readonly event: string | { readonly none: string }
  readonly changes: boolean
}

/** The running system as the controls of chapter 8 observe it. */
export interface AuditSystem {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Audit
  readonly reader: AuditReader
  readonly ledger: Ledger
  /** Every route and job of the platform. */
  readonly work: () => readonly DeclaredWork[]
  /** Requests that changed something and were answered with success a short while ago, as the gateway remembers them. */
  readonly recentChanges: () => readonly { readonly requestId: string; readonly route: string }[]
  /** The names of the roles that may read an audit log. */
  readonly readers: () => readonly string[]
  /** A request without credentials through the gateway; gives the status. */
  readonly anonymous: (path: string) => Promise<number>
  /** Where the newest checkpoint that a check has seen is kept: outside the data folder. */
  readonly anchorFile: string
}

/** Who records what a check records. */
export const SYSTEM = { kind: 'system', id: 'audit.check' } as const
