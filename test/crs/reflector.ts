import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'

/** An answer that a request may ask for. */
export interface Reflected {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const wish = z.object({
  status: z.int().min(100).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  encodedBody: z.string().optional(),
})

const EMPTY = Buffer.alloc(0)
const STATUS = /^\/status\/(\d{3})$/
const HEADER_BYTES_MAX = 256 * 1024

/** What the service behind the gateway answers: what is asked for at `/reflect` or `/status/N`, and 200 to everything else. */
export function reflect(method: string, target: string, body: Buffer): Reflected {
  const path = target.replace(/[?#].*$/s, '').replace(/\/$/, '')
  const status = Number(STATUS.exec(path)?.[1] ?? 200)
  if (method !== 'POST' || path !== '/reflect') return { status, headers: {}, body: EMPTY }
  const read = wish.safeParse(jsonOrNull(body.toString()))
  if (!read.success) return { status: 400, headers: {}, body: Buffer.from('Invalid JSON in request body') }
  const { headers = {}, encodedBody, body: text = '' } = read.data
  const content = encodedBody === undefined ? Buffer.from(text) : Buffer.from(encodedBody, 'base64')
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
  const typed =
    isTyped || content.length === 0 ? headers : { ...headers, 'Content-Type': 'text/plain; charset=utf-8' }
  return { status: read.data.status ?? 200, headers: typed, body: content }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Starts it on a free port of this machine. */
export async function startReflector(): Promise<{ readonly origin: URL; close(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (incoming, outgoing) => {
    void answerTo(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return { origin, close: () => closeServer(server) }
}

async function answerTo(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await bodyOf(incoming).catch(() => null)
  if (body === null) {
    outgoing.destroy()
    return
  }
  const answer = reflect(incoming.method ?? 'GET', incoming.url ?? '/', body)
  outgoing.statusCode = answer.status
  for (const [name, value] of Object.entries(answer.headers)) outgoing.setHeader(name, value)
  outgoing.end(answer.body)
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve, reject) =>
    server.close((error) => (error === undefined ? resolve() : reject(error))),
  )
}
