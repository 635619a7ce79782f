import type { ServiceEvent } from '#client'
import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import type { Vaults } from '../tenants/vault.ts'
import { inboxEvents, type InboxEventName } from './events.ts'
import { insertWaitingEvent } from './queries.ts'

/** One thing that happened; details hold ids, codes and counts. */
interface InboxEvent {
  readonly type: InboxEventName
  /** Null for the provider's own events. */
  readonly workspace: string | null
  readonly actor?: ServiceEvent['actor']
  readonly target?: ServiceEvent['target']
  readonly outcome?: ServiceEvent['outcome']
  readonly details?: ServiceEvent['details']
  readonly request?: ServiceEvent['request']
}

/** Writes an event in the caller's transaction: both are kept or neither is. Policy 8.1-c. */
export type Recorder = (db: Database, event: InboxEvent) => Promise<void>

/** This service, as the one who did it. */
const SELF = { kind: 'service', id: 'instant-reply' } as const

/** Makes the recorder; bodies wait sealed, since they hold the address of the request. */
export function openRecorder(deps: { readonly clock: Clock; readonly vaults: Vaults }): Recorder {
  return async (db, event) => {
    const id = newId(deps.clock)
    const full: ServiceEvent = {
      id,
      at: deps.clock.now().toISOString(),
      type: event.type,
      kind: inboxEvents[event.type].kind,
      tenant: event.workspace,
      actor: event.actor ?? SELF,
      target: event.target ?? null,
      outcome: event.outcome ?? 'success',
      details: event.details ?? {},
      request: event.request ?? null,
    }
    const text = JSON.stringify(full)
    const body =
      event.workspace === null
        ? Buffer.from(text, 'utf8')
        : (await deps.vaults(event.workspace)).seal(['audit_outbox', 'body', id], text.toWellFormed())
    await insertWaitingEvent(db, { id, workspace_id: event.workspace, body })
  }
}
