import type { Database } from '../db/index.ts'
import type { EventDeclaration } from '../kernel/event.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import { serviceEventTypes, storeServiceEventTypes } from './queries.ts'
import type { Audit } from './record.ts'

/** Event types that a protected service may use; the platform's own cannot be imitated. */
const SERVICE_PREFIX = /^(?:conversation|message|rule|channel|contact|gate|service)\.[a-z-]{1,60}$/
/** Clocks of two programs on one machine may differ a little. */
const FUTURE_MS_MAX = 60_000

const kinds = z.enum(['system', 'authentication', 'data', 'administration', 'security'])
const ref = z.strictObject({ kind: z.string().max(40), id: z.string().max(200) })

/** What `POST /v1/events/catalogue` takes: the service's event types, by name. */
export const catalogueBody = z.strictObject({
  events: z.record(
    z.string().regex(SERVICE_PREFIX),
    z.strictObject({ kind: kinds, says: z.string().min(1).max(300) }),
  ),
})

/** What `POST /v1/events` takes: up to 500 events, each with an id of the service's making. */
export const eventsBody = z.strictObject({
  events: z
    .array(
      z.strictObject({
        id: z.uuid(),
        at: z.iso.datetime(),
        type: z.string().regex(SERVICE_PREFIX),
        kind: kinds.optional(),
        tenant: z.uuid().nullable(),
        actor: z.strictObject({
          kind: z.enum(['account', 'api-key', 'client', 'service', 'system', 'anonymous']),
          id: z.string().max(200),
        }),
        target: ref.nullable(),
        outcome: z.enum(['success', 'refused', 'failed']),
        details: z.record(z.string(), z.json()),
        request: z
          .strictObject({ id: z.string().max(100), ip: z.string().max(100), userAgent: z.string().max(1000) })
          .nullable(),
      }),
    )
    .max(500),
})

/** Declares the service's event types. */
export async function declareServiceEvents(
  db: Database,
  audit: Pick<Audit, 'record'>,
  body: z.output<typeof catalogueBody>,
): Promise<{ readonly declared: number }> {
  const types = Object.entries(body.events).map(([type, { kind, says }]) => ({ type, kind, says }))
  if (types.length === 0) return { declared: 0 }
  await db.transaction().execute(async (tx) => {
    await storeServiceEventTypes(tx, types)
    const actor = { kind: 'service', id: 'upstream' } as const
    const details = { types: types.map((one) => one.type) }
    await audit.record(tx, {
      type: 'audit.catalogue',
      tenant: null,
      actor,
      target: null,
      outcome: 'success',
      details,
      request: null,
    })
  })
  return { declared: types.length }
}

/** Records events of the service; one delivered twice is recorded once. All are accepted or none is. */
export async function recordServiceEvents(
  db: Database,
  audit: Pick<Audit, 'recordElsewhere'>,
  now: Date,
  body: z.output<typeof eventsBody>,
): Promise<{ readonly accepted: readonly string[] }> {
  const declared = new Map((await serviceEventTypes(db)).map((one) => [one.type, one]))
  await db.transaction().execute(async (tx) => {
    for (const { id, at, ...event } of body.events) {
      const type = declared.get(event.type)
      if (type === undefined)
        throw new Problem('request.invalid', `The event type ${event.type} was not declared.`)
      const happened = new Date(at)
      if (happened.getTime() > now.getTime() + FUTURE_MS_MAX)
        throw new Problem('request.invalid', 'An event cannot happen in the future.')
      await audit.recordElsewhere(tx, id, happened, event, {
        kind: type.kind as EventDeclaration['kind'],
        says: type.says,
      })
    }
  })
  return { accepted: body.events.map((event) => event.id) }
}
