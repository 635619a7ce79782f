import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Actor, AuditEvent } from '../kernel/event.ts'
import type { Keyring } from './keyring/database.ts'
import type { KeyRoot } from './roots/index.ts'

/** The tenant that the provider's own data belongs to; workspaces are tenants by their id. */
export const PROVIDER = 'provider'

/** Writes an audit event in the caller's transaction. */
export type RecordEvent = (db: Database, event: AuditEvent) => Promise<void>

/** Who uses keys: the platform itself unless told. */
export interface KeyUser {
  readonly actor: Actor
  readonly request: AuditEvent['request']
}

/** The platform as the user of keys. */
export const PLATFORM: KeyUser = { actor: { kind: 'system', id: 'encryption' }, request: null }

/** What the key store works with; without `record` no event is left, which the check of 2.3-b finds. */
export interface KeyStoreParts {
  /** The audit log's database; never the caller's transaction: an event is kept before its use. */
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly root: KeyRoot
  readonly record: RecordEvent | undefined
}
