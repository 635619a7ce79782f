import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestContext } from '../../kernel/caller.ts'

/** A request as Node's own servers hand it over, whose answer becomes a `Response`. */
export interface NodePair {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly answered: Promise<Response>
}

/** Stands for the connection, which the gateway keeps to itself: all that is told is that it is encrypted. */
const connection = Object.freeze({
  encrypted: true,
  readable: false,
  writable: true,
  destroyed: false,
  remoteAddress: '',
  destroy: () => connection,
}) as unknown as Socket

const contexts = new WeakMap<IncomingMessage, RequestContext>()

/** In whose request this is, as the front door established it. */
export function contextOfNode(incoming: IncomingMessage): RequestContext {
  const context = contexts.get(incoming)
  if (context === undefined) throw new Error('this request did not come through the bridge')
  return context
}

/**
 * Dresses a request that passed the gateway's checks for a library that wants Node's own objects. The host is always the
 * public origin's, whatever name the request used; `form` is the body that the gateway read within its limits.
 */
export function nodePair(
  request: Request,
  context: RequestContext,
  origin: string,
  form: Readonly<Record<string, string>> | null = null,
): NodePair {
  const url = new URL(request.url)
  const incoming = new IncomingMessage(connection)
  contexts.set(incoming, context)
  incoming.method = request.method
  incoming.url = `${url.pathname}${url.search}`
  for (const [name, value] of request.headers) incoming.headers[name] = value
  incoming.headers.host = new URL(origin).host
  writeBody(incoming, form)
  const outgoing = new ServerResponse(incoming)
  return { incoming, outgoing, answered: answerOf(outgoing) }
}

function writeBody(incoming: IncomingMessage, form: Readonly<Record<string, string>> | null): void {
  delete incoming.headers['content-length']
  delete incoming.headers['transfer-encoding']
  if (form === null) delete incoming.headers['content-type']
  else {
    const body = Buffer.from(new URLSearchParams(form).toString())
    incoming.headers['content-type'] = 'application/x-www-form-urlencoded'
    incoming.headers['content-length'] = String(body.length)
    incoming.push(body)
  }
  incoming.complete = true
  incoming.push(null)
}

/** Collects what is written until the end is told. */
function answerOf(outgoing: ServerResponse): Promise<Response> {
  const parts: Buffer[] = []
  const keep = (part: unknown): void => {
    if (typeof part === 'string' || part instanceof Uint8Array) parts.push(Buffer.from(part as string))
  }
  return new Promise((resolve) => {
    outgoing.write = ((part: unknown) => {
      keep(part)
      return true
    }) as ServerResponse['write']
    outgoing.end = ((part: unknown) => {
      keep(part)
      resolve(responseOf(outgoing, Buffer.concat(parts)))
      outgoing.emit('finish')
      return outgoing
    }) as ServerResponse['end']
  })
}

function responseOf(outgoing: ServerResponse, body: Buffer): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries(outgoing.getHeaders())) {
    if (name === 'content-length' || value === undefined) continue
    for (const one of Array.isArray(value) ? value : [String(value)]) headers.append(name, one)
  }
  const { statusCode: status } = outgoing
  const empty = body.length === 0 || status === 204 || status === 304
  return new Response(empty ? null : new Uint8Array(body), { status, headers })
}
