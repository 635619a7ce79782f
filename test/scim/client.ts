import type { ScimService } from './service.ts'

/** What came back. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  // A client judges what it got; nothing is taken for granted about its shape.
  readonly body: Json
}

/** Any JSON object. */
export type Json = Readonly<Record<string, unknown>>

/** Sends a request to the service. */
export type Send = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply>

/** A client of the service. */
export function clientOf({ base, token }: ScimService): Send {
  return async (method, path, body, headers = {}) => {
    const reply = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return {
      status: reply.status,
      headers: reply.headers,
      body: text === '' ? {} : (JSON.parse(text) as Json),
    }
  }
}

/** One thing that must hold; throws what was seen instead. */
export interface Check {
  /** Stable name, e.g. `patch:add:User:emails`. */
  readonly id: string
  run(send: Send): Promise<void>
}

/** Throws unless it holds. */
export function must(holds: boolean, saw: string): asserts holds {
  if (!holds) throw new Error(saw)
}

/** Throws unless the status is this one. */
export function mustBe(reply: Reply, status: number): Reply {
  must(
    reply.status === status,
    `answered ${reply.status} ${JSON.stringify(reply.body).slice(0, 200)}, not ${status}`,
  )
  return reply
}

/** The resources of a list response. */
export function resourcesOf(body: Json): readonly Json[] {
  const { Resources } = body
  must(Array.isArray(Resources), 'Resources is no list')
  return Resources as readonly Json[]
}
