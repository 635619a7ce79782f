import type { Database } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import type { AnyDatabase } from './queries.ts'
import type { Roots } from './discover.ts'

/** The running system as the controls of its stores and disks observe it. */
export interface InventorySystem {
  readonly db: Database
  /** The database of keys. */
  readonly keyring: AnyDatabase
  readonly clock: Clock
  readonly record: (db: Database, event: AuditEvent) => Promise<void>
  readonly roots: Roots
  /** Where the database server keeps its files; null when they are on another machine or may not be known. */
  readonly serverFolder: () => Promise<string | null>
  /** Processes of the system, whose open files are looked at. */
  readonly processes: () => Promise<readonly number[]>
  /** Sends requests through the gateway in the name of a person that a check made for itself. */
  readonly asPerson: <Result>(
    use: (post: (path: string, body: string) => Promise<Response>) => Promise<Result>,
  ) => Promise<Result>
  /** Volumes of which the provider says that they are encrypted. */
  readonly statedVolumes: readonly string[]
  /** Where this machine tells about its devices; `/` but in tests. */
  readonly machineFolder: string
}

/** Who does what a check does. */
export const CHECK = { kind: 'system', id: 'inventory.check' } as const
