import type { StoredEvent } from './queries.ts'

/** The version of the leaf format; a reader that knows another one must not guess. */
const ENTRY_FORMAT = 1

/** Writes JSON with the keys of every object in order, so that equal values give equal bytes (the order of RFC 8785). */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const fields = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`
}

/**
 * The ledger entry of an event, made from its row alone, so that it can be made again byte for byte. Ids are random, and
 * what is personal is inside `sealed`, so the entry can be public and a destroyed key erases it.
 */
export function ledgerEntry(event: StoredEvent): Buffer {
  return Buffer.from(
    canonicalJson({
      format: ENTRY_FORMAT,
      id: event.id,
      at: event.at.toISOString(),
      type: event.type,
      kind: event.kind,
      tenant: event.tenant,
      actor: { kind: event.actor_kind, id: event.actor_id },
      target: event.target_id === null ? null : { kind: event.target_kind, id: event.target_id },
      outcome: event.outcome,
      requestId: event.request_id,
      ...(event.sealed === null ? { details: event.details } : { sealed: event.sealed.toString('base64') }),
    }),
  )
}
