import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'

/** A value that an event may carry. */
export type ServiceEventValue =
  | string
  | number
  | boolean
  | null
  | readonly ServiceEventValue[]
  | { readonly [key: string]: ServiceEventValue }

/** One thing that happened in the service; `id` makes sending it twice harmless. */
export interface ServiceEvent {
  readonly id: string
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly type: string
  readonly kind: 'system' | 'authentication' | 'data' | 'administration' | 'security'
  readonly tenant: string | null
  readonly actor: {
    readonly kind: 'account' | 'api-key' | 'client' | 'service' | 'operator' | 'system' | 'anonymous'
    readonly id: string
  }
  readonly target: { readonly kind: string; readonly id: string } | null
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly details: Readonly<Record<string, ServiceEventValue>>
  readonly request: { readonly id: string; readonly ip: string; readonly userAgent: string } | null
}

/** The service's event types, each with its kind and one plain sentence. */
export type ServiceEventCatalogue = Readonly<
  Record<string, { readonly kind: ServiceEvent['kind']; readonly says: string }>
>

/** At most so many events travel in one call. */
const EVENTS_MAX = 200

const acceptedShape = z.object({ accepted: z.array(z.string()) })

/** Declares the service's event types and hands over events. */
export function eventRelay(socket: ServiceSocket) {
  return {
    declare: async (events: ServiceEventCatalogue): Promise<void> => {
      await socket.call({ method: 'POST', path: '/v1/events/catalogue', body: { events } })
    },
    /** Returns the ids that Surety has written; the caller keeps the others and sends them again. */
    send: async (events: readonly ServiceEvent[]): Promise<ReadonlySet<string>> => {
      if (events.length === 0) return new Set()
      if (events.length > EVENTS_MAX) throw new RangeError(`at most ${EVENTS_MAX} events in one call`)
      const answer = await socket.call({ method: 'POST', path: '/v1/events', body: { events } })
      return new Set(expectShape(acceptedShape, answer).accepted)
    },
  }
}
