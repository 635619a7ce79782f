import type { Database, Transaction } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Observation } from '../kernel/control.ts'
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

/** Seconds. */
export const HOUR = 3600
/** Who records what a check records. */
export const SYSTEM = { kind: 'system', id: 'audit.check' } as const

/** Signals a transaction that was only tried. */
class Undo extends Error {}

/** Runs `work` in a transaction that is always undone. */
export async function undone<Result>(
  db: Database,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  let result: { readonly value: Result } | undefined
  await db
    .transaction()
    .execute(async (tx) => {
      result = { value: await work(tx) }
      throw new Undo()
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error
    })
  if (result === undefined) throw new Error('the tried transaction gave nothing')
  return result.value
}

/** A failing observation that names every failure, or a passing one. */
export function observed(
  failures: readonly string[],
  passed: string,
  metrics: Observation['metrics'],
  scope: Observation['scope'],
): Observation {
  return failures.length === 0
    ? { result: 'pass', saw: passed, metrics, scope }
    : { result: 'fail', saw: failures.join('; '), metrics, scope }
}
