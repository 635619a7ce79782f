import type { Insertable } from 'kysely'
import type { Database, Tables } from '../db/index.ts'
import { PROVIDER, type TenantKeys } from '../encryption/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { AuditEvent, EventCatalogue, EventDeclaration } from '../kernel/event.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { insertNews } from './queries.ts'

/** A ledger entry has 65,535 bytes at most; base64 and the other fields take their part. */
const DETAILS_BYTES_MAX = 40_000

/** Writes events; the one module that every other may call. */
export interface Audit {
  /**
   * Writes the event in the caller's transaction: both are kept or neither is. Details and the request's origin are
   * sealed under the tenant's key unless the event was declared open. Throws for an undeclared type. Policy 8.1-a.
   */
  record(db: Database, event: AuditEvent): Promise<void>
  /** `record` for an event that happened elsewhere, under its own id and time; one that is known already is left alone. */
  recordElsewhere(
    db: Database,
    id: string,
    at: Date,
    event: AuditEvent,
    declared: EventDeclaration,
  ): Promise<void>
  /** Every event that the platform's modules declared. */
  readonly catalogue: EventCatalogue
}

/** Opens the audit log for the events that the modules declared. */
export function openAudit(deps: {
  readonly clock: Clock
  readonly keys: Pick<TenantKeys, 'sealText'>
  readonly catalogues: readonly EventCatalogue[]
}): Audit {
  const catalogue = Object.assign({}, ...deps.catalogues) as EventCatalogue

  const recordElsewhere: Audit['recordElsewhere'] = async (db, id, at, event, declared) => {
    const payload = declared.open === true ? openPayload(event) : await sealedPayload(deps.keys, id, event)
    await insertNews(db, { id, at, kind: declared.kind, ...eventColumns(event), ...payload })
  }

  return {
    catalogue,
    recordElsewhere,
    record: async (db, event) => {
      const declared = Object.hasOwn(catalogue, event.type) ? catalogue[event.type] : undefined
      if (declared === undefined) throw new Error(`the event ${event.type} is not declared`)
      await recordElsewhere(db, newId(deps.clock), deps.clock.now(), event, declared)
    },
  }
}

type Payload = Pick<Insertable<Tables['audit_event']>, 'details' | 'sealed'>

function openPayload(event: AuditEvent): Payload {
  const details = JSON.stringify(event.details)
  requireFits(details)
  return { details, sealed: null }
}

async function sealedPayload(
  keys: Pick<TenantKeys, 'sealText'>,
  id: string,
  event: AuditEvent,
): Promise<Payload> {
  const secret = JSON.stringify({ details: event.details, request: event.request })
  requireFits(secret)
  const place = { table: 'audit_event', column: 'sealed', row: id }
  return { details: null, sealed: await keys.sealText(event.tenant ?? PROVIDER, place, secret) }
}

function requireFits(text: string): void {
  if (Buffer.byteLength(text) > DETAILS_BYTES_MAX)
    throw new Problem('request.too-large', `An event holds at most ${DETAILS_BYTES_MAX} bytes of details.`)
}

function eventColumns(event: AuditEvent) {
  return {
    type: event.type,
    tenant: event.tenant,
    actor_kind: event.actor.kind,
    actor_id: event.actor.id,
    target_kind: event.target?.kind ?? null,
    target_id: event.target?.id ?? null,
    outcome: event.outcome,
    request_id: event.request?.id ?? null,
  }
}
