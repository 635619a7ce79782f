import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from '../kernel/schema.ts'

/** A message that the stand-in was given. */
export interface StandInMessage {
  readonly id: string
  readonly phoneNumberId: string
  readonly to: string
  readonly text: string
  readonly clientKey: string | null
}

/** What the stand-in answers instead of taking a message: an HTTP status and one of the provider's error codes, or nothing at all. */
export type StandInTrouble = { readonly status: number; readonly code: number } | 'silence' | null

/** A running stand-in. */
export interface StandIn {
  readonly url: string
  /** The newest 1,000 messages, oldest first; in memory only. */
  received(): readonly StandInMessage[]
  /** Forgets what it received. */
  clear(): void
  /** Sets how the next requests are answered, to try out trouble at the provider. */
  trouble(next: (message: StandInMessage) => StandInTrouble): void
  stop(): Promise<void>
}

const KEPT_MAX = 1000
const BODY_BYTES_MAX = 65_536
const PATH = /^\/v\d+\.\d+\/(\d{1,30})\/messages$/

const bodyShape = z.object({
  messaging_product: z.literal('whatsapp'),
  to: z.string().min(1).optional(),
  recipient: z.string().min(1).optional(),
  type: z.literal('text'),
  text: z.object({ body: z.string().min(1).max(4096) }),
  biz_opaque_callback_data: z.string().max(512).optional(),
})

/** Starts the stand-in on a free loopback port. */
export async function startStandIn(): Promise<StandIn> {
  const kept: StandInMessage[] = []
  let trouble: (message: StandInMessage) => StandInTrouble = () => null

  const server = createServer((request, reply) => {
    readBody(request)
      .then((body) => answer(request, reply, body))
      .catch(() => refuse(reply, 400, 100))
  })
  const answer = (request: IncomingMessage, reply: ServerResponse, body: unknown): void => {
    const message = readMessage(request, body)
    if ('code' in message) return refuse(reply, message.status, message.code)
    const wrong = trouble(message)
    if (wrong === 'silence') return undefined
    if (wrong !== null) return refuse(reply, wrong.status, wrong.code)
    kept.push(message)
    if (kept.length > KEPT_MAX) kept.shift()
    return send(reply, 200, {
      messaging_product: 'whatsapp',
      contacts: [{ input: message.to, wa_id: message.to }],
      messages: [{ id: message.id }],
    })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => [...kept],
    clear: () => {
      kept.length = 0
    },
    trouble: (next) => {
      trouble = next
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The message in a request, or the provider's error for it. */
function readMessage(
  request: IncomingMessage,
  body: unknown,
): StandInMessage | { readonly status: number; readonly code: number } {
  const phoneNumberId = PATH.exec(request.url ?? '')?.[1]
  if (request.method !== 'POST' || phoneNumberId === undefined) return { status: 404, code: 100 }
  if (!/^Bearer \S+$/.test(request.headers.authorization ?? '')) return { status: 401, code: 190 }
  const read = bodyShape.safeParse(body)
  const to = read.success ? (read.data.to ?? read.data.recipient) : undefined
  if (!read.success || to === undefined) return { status: 400, code: 100 }
  return {
    id: `wamid.STANDIN${randomBytes(18).toString('base64url')}`,
    phoneNumberId,
    to,
    text: read.data.text.body,
    clientKey: read.data.biz_opaque_callback_data ?? null,
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new Error('too large')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function refuse(reply: ServerResponse, status: number, code: number): void {
  send(reply, status, { error: { message: 'refused by the local stand-in', type: 'OAuthException', code } })
}

function send(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
