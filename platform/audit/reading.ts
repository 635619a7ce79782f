import { asTenant, type Database } from '../db/index.ts'
import { PROVIDER, type TenantKeys } from '../encryption/index.ts'
import type { RequestContext } from '../kernel/caller.ts'
import type { EventValue } from '../kernel/event.ts'
import { Problem } from '../kernel/problem.ts'
import { eventById, eventsOfAccount, findEvents, type EventFilter, type StoredEvent } from './queries.ts'
import type { Audit } from './record.ts'

/** An event as a person with the right to read it sees it. */
export interface ReadableEvent {
  readonly id: string
  /** Where it stands among all events; the cursor for reading on. */
  readonly written: number
  readonly at: string
  readonly type: string
  readonly kind: string
  readonly actor: { readonly kind: string; readonly id: string }
  readonly target: { readonly kind: string; readonly id: string } | null
  readonly outcome: string
  /** Null when the tenant's key was destroyed: the event is still proven, and says no more. */
  readonly details: EventValue
  readonly origin: { readonly ip: string; readonly userAgent: string } | null
  readonly requestId: string | null
  /** Its place in the ledger; null until it is sequenced. */
  readonly ledgerIndex: number | null
}

/** Reads the log for people; every reading is itself an event. Policy 8.2-b. */
export interface AuditReader {
  list(who: RequestContext, filter: EventFilter): Promise<readonly ReadableEvent[]>
  one(who: RequestContext, tenant: string | null, id: string): Promise<ReadableEvent>
}

/** Opens the reader. */
export function openAuditReader(deps: {
  readonly db: Database
  readonly keys: Pick<TenantKeys, 'openText'>
  readonly audit: Pick<Audit, 'record'>
}): AuditReader {
  const readable = (event: StoredEvent): Promise<ReadableEvent> => makeReadable(deps.keys, event)
  const recordReading = (who: RequestContext, tenant: string | null, details: Record<string, EventValue>) =>
    deps.audit.record(deps.db, {
      type: 'audit.read',
      tenant,
      actor: { kind: who.caller.kind, id: who.caller.id },
      target: null,
      outcome: 'success',
      details,
      request: { id: who.requestId, ip: who.caller.ip, userAgent: who.caller.userAgent },
    })
  return {
    list: async (who, filter) => {
      // Recorded first: whoever cannot be recorded does not read.
      await recordReading(who, filter.tenant, {
        type: filter.type ?? null,
        before: filter.before ?? null,
        most: filter.most,
      })
      const events = await within(deps.db, filter.tenant, (db) => findEvents(db, filter))
      return Promise.all(events.map(readable))
    },
    one: async (who, tenant, id) => {
      const event = await within(deps.db, tenant, (db) => eventById(db, id))
      if (event === undefined || event.tenant !== tenant)
        throw new Problem('resource.unknown', 'There is no such event.')
      await recordReading(who, tenant, { event: id })
      return readable(event)
    },
  }
}

/** The newest events of sign-in and security of one account, for the person whose account it is. */
export async function readOwnEvents(
  { db, keys }: { readonly db: Database; readonly keys: Pick<TenantKeys, 'openText'> },
  account: string,
  most: number,
): Promise<readonly ReadableEvent[]> {
  return Promise.all((await eventsOfAccount(db, account, most)).map((event) => makeReadable(keys, event)))
}

/** The events of a workspace are read behind the wall that shows this workspace alone; the provider's are no workspace's. */
function within<Result>(
  db: Database,
  tenant: string | null,
  read: (db: Database) => Promise<Result>,
): Promise<Result> {
  return tenant === null ? read(db) : asTenant(db, tenant, read)
}

async function makeReadable(keys: Pick<TenantKeys, 'openText'>, event: StoredEvent): Promise<ReadableEvent> {
  const { details, request } = await openDetails(keys, event)
  return {
    id: event.id,
    written: event.written,
    at: event.at.toISOString(),
    type: event.type,
    kind: event.kind,
    actor: { kind: event.actor_kind, id: event.actor_id },
    target: event.target_id === null ? null : { kind: event.target_kind ?? '', id: event.target_id },
    outcome: event.outcome,
    details,
    origin: request === null ? null : { ip: request.ip, userAgent: request.userAgent },
    requestId: event.request_id,
    ledgerIndex: event.ledger_index,
  }
}

interface SealedPart {
  readonly details: EventValue
  readonly request: { readonly ip: string; readonly userAgent: string } | null
}

async function openDetails(keys: Pick<TenantKeys, 'openText'>, event: StoredEvent): Promise<SealedPart> {
  if (event.sealed === null) return { details: event.details as EventValue, request: null }
  const place = { table: 'audit_event', column: 'sealed', row: event.id }
  try {
    return JSON.parse(await keys.openText(event.tenant ?? PROVIDER, place, event.sealed)) as SealedPart
  } catch (error) {
    if (error instanceof Problem && error.code === 'encryption.key-missing')
      return { details: null, request: null }
    throw error
  }
}
