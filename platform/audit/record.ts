import { notify, type Database } from '../db/index.ts'
import { PROVIDER, type TenantKeys } from '../encryption/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { AuditEvent, EventCatalogue } from '../kernel/event.ts'
import { newId } from '../kernel/id.ts'
import { insertEvent } from './queries.ts'

/** Writes events; the one module that every other may call. */
export interface Audit {
  /**
   * Writes the event in the caller's transaction: both are kept or neither is. Details and the request's origin are
   * sealed under the tenant's key. Throws for an event type that no module declared. Policy 8.1-a.
   */
  record(db: Database, event: AuditEvent): Promise<void>
  /** Every declared event. */
  readonly catalogue: EventCatalogue
}

/** Opens the audit log for the events that the modules declared. */
export function openAudit(deps: {
  readonly clock: Clock
  readonly keys: Pick<TenantKeys, 'sealText'>
  readonly catalogues: readonly EventCatalogue[]
}): Audit {
  const catalogue = Object.assign({}, ...deps.catalogues) as EventCatalogue
  return {
    catalogue,
    record: async (db, event) => {
      const declared = Object.hasOwn(catalogue, event.type) ? catalogue[event.type] : undefined
      if (declared === undefined) throw new Error(`the event ${event.type} is not declared`)
      const id = newId(deps.clock)
      const secret = JSON.stringify({ details: event.details, request: event.request })
      const place = { table: 'audit_event', column: 'sealed', row: id }
      await insertEvent(db, {
        id,
        at: deps.clock.now(),
        type: event.type,
        kind: declared.kind,
        tenant: event.tenant,
        actor_kind: event.actor.kind,
        actor_id: event.actor.id,
        target_kind: event.target?.kind ?? null,
        target_id: event.target?.id ?? null,
        outcome: event.outcome,
        sealed: await deps.keys.sealText(event.tenant ?? PROVIDER, place, secret),
        request_id: event.request?.id ?? null,
      })
      await notify(db, 'audit_recorded')
    },
  }
}
