import type { Recorder } from './audit/record.ts'
import type { FreshContacts } from './contacts/fresh-contacts.ts'
import type { Database } from './db/database.ts'
import type { Enqueue } from './jobs/queue.ts'
import type { Clock } from './kernel/clock.ts'
import type { Log } from './kernel/log.ts'
import type { PersonVaults } from './tenants/person-vault.ts'
import type { Vaults } from './tenants/vault.ts'

/** What most of the work needs; functions take the slice they use. */
export interface Core {
  readonly db: Database
  readonly clock: Clock
  readonly vaults: Vaults
  readonly personVaults: PersonVaults
  readonly freshContacts: FreshContacts
  readonly record: Recorder
  readonly enqueue: Enqueue
  readonly log: Log
}
