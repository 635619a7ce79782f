import { readFileSync } from 'node:fs'
import type { Context, Hono } from 'hono'
import { openSettings } from '../channels/channel.ts'
import { channelByPublicId, type ChannelRow } from '../channels/queries.ts'
import { contactOfIdentity } from '../contacts/queries.ts'
import { identityKey, ownVault } from '../contacts/resolve.ts'
import type { Core } from '../core.ts'
import type { Changes } from '../db/changes.ts'
import { readJson } from '../http/body.ts'
import { openBudget, type Budget } from '../http/budget.ts'
import { changeStream, type ToEvent } from '../http/event-stream.ts'
import { acceptDelivery } from '../intake/accept.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'
import { newSecret, secretHash } from '../kernel/secret.ts'
import { messagesForContact } from '../messages/queries.ts'
import { frameHtml, framePolicy } from './frame.ts'
import { visitorDelivery } from './payload.ts'
import { insertVisitor, visitorByToken, type VisitorRow } from './queries.ts'
import { asTenant } from '../db/tenant.ts'

/** What the web chat needs beside the core. */
export interface WebChat extends Core {
  readonly changes: Pick<Changes, 'subscribe'>
  /** The gateway's own origin; the frame itself runs there. */
  readonly publicOrigin: string
}

/** A visitor's session ends after a day. */
const SESSION_SECONDS = 86_400
const BODY_BYTES_MAX = 32_768
const SHOWN_MAX = 50
/** Streams of one visitor at once: a page in a few tabs. Each change costs every open stream a look. */
const STREAMS_MAX = 5

const messageBody = z.strictObject({
  key: z.uuid(),
  text: z
    .string()
    .min(1)
    .max(4000)
    .refine((text) => text.trim() !== '', 'is blank'),
})

interface Budgets {
  readonly sessions: Budget
  readonly sessionsOfInbox: Budget
  readonly messages: Budget
}

const asset = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The visitors' side: frame, session, messages and stream, below `/w/`. */
export function mountWebChat(app: Hono, chat: WebChat): void {
  const script = asset('chat.js')
  const style = asset('chat.css')
  const budgets: Budgets = {
    sessions: openBudget(chat.clock, 10, 60),
    sessionsOfInbox: openBudget(chat.clock, 300, 60),
    messages: openBudget(chat.clock, 20, 60),
  }
  app.get('/w/static/chat.js', () => assetReply(script, 'text/javascript; charset=utf-8'))
  app.get('/w/static/chat.css', () => assetReply(style, 'text/css; charset=utf-8'))
  app.get('/w/:inbox/frame', (c) => frame(c, chat))
  for (const path of ['session', 'messages', 'stream'])
    app.options(`/w/:inbox/${path}`, (c) => preflight(c, chat))
  app.post('/w/:inbox/session', (c) => session(c, chat, budgets))
  app.post('/w/:inbox/messages', (c) => write(c, chat, budgets))
  app.get('/w/:inbox/messages', (c) => read(c, chat))
  const open = new Map<string, number>()
  app.get('/w/:inbox/stream', (c) => stream(c, chat, open))
}

function assetReply(text: string, type: string): Response {
  return new Response(text, {
    headers: {
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'cache-control': 'public, max-age=300',
    },
  })
}

async function chatChannel(c: Context, chat: WebChat): Promise<ChannelRow> {
  const id = z.uuid().safeParse(c.req.param('inbox'))
  const channel = id.success ? await channelByPublicId(chat.db, id.data) : undefined
  if (channel === undefined) throw new Problem('resource.unknown', 'No chat has this address.')
  return channel
}

/**
 * Answers only the listed origins and the frame's own, by exact comparison. A browser always names its origin when it writes, so a
 * write without one is refused.
 */
function checkOrigin(c: Context, chat: WebChat, channel: ChannelRow, writes: boolean): void {
  c.header('vary', 'Origin')
  c.header('cache-control', 'no-store')
  const origin = c.req.header('origin')
  if (origin === undefined && !writes) return
  const known = origin !== undefined && [...channel.allowed_origins, chat.publicOrigin].includes(origin)
  if (!known) throw new Problem('request.cross-site', 'This chat is not offered on that site.')
  c.header('access-control-allow-origin', origin)
}

async function preflight(c: Context, chat: WebChat): Promise<Response> {
  const channel = await chatChannel(c, chat)
  checkOrigin(c, chat, channel, true)
  c.header('access-control-allow-methods', 'GET, POST')
  c.header('access-control-allow-headers', 'authorization, content-type')
  c.header('access-control-max-age', '600')
  return c.body(null, 204)
}

async function frame(c: Context, chat: WebChat): Promise<Response> {
  const channel = await chatChannel(c, chat)
  const { name } = openSettings(await chat.vaults(channel.workspace_id), channel)
  c.header('content-security-policy', framePolicy(channel.allowed_origins))
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  c.header('cache-control', 'no-store')
  return c.html(frameHtml(channel.public_id ?? '', name))
}

async function session(c: Context, chat: WebChat, budgets: Budgets): Promise<Response> {
  const channel = await chatChannel(c, chat)
  checkOrigin(c, chat, channel, true)
  await readJson(c, BODY_BYTES_MAX)
  const from = `${channel.id} ${c.req.header('x-forwarded-for') ?? ''}`
  if (!budgets.sessions.take(from) || !budgets.sessionsOfInbox.take(channel.id))
    throw new Problem('request.too-many', 'Too many chats were begun; try again in a minute.')
  const token = newSecret()
  const now = chat.clock.now()
  const visitor = {
    workspace_id: channel.workspace_id,
    id: newId(chat.clock),
    channel_id: channel.id,
    token_hash: secretHash(token),
    created_at: now,
    expires_at: secondsAfter(now, SESSION_SECONDS),
  }
  await asTenant(chat.db, channel.workspace_id, (tx) => insertVisitor(tx, visitor))
  return c.json({ token })
}

async function visitorOf(c: Context, chat: WebChat, channel: ChannelRow): Promise<VisitorRow> {
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(c.req.header('authorization') ?? '')?.[1]
  const visitor =
    token === undefined
      ? undefined
      : await asTenant(chat.db, channel.workspace_id, (tx) =>
          visitorByToken(tx, channel, secretHash(token), chat.clock.now()),
        )
  if (visitor === undefined) throw new Problem('visitor.unknown', 'Begin a new chat.')
  return visitor
}

async function write(c: Context, chat: WebChat, budgets: Budgets): Promise<Response> {
  const channel = await chatChannel(c, chat)
  checkOrigin(c, chat, channel, true)
  const visitor = await visitorOf(c, chat, channel)
  if (!budgets.messages.take(visitor.id))
    throw new Problem('request.too-many', 'Too many messages; try again in a minute.')
  const body = messageBody.safeParse(await readJson(c, BODY_BYTES_MAX))
  if (!body.success)
    throw new Problem('request.invalid', 'A message has a key and 1 to 4,000 characters of text.')
  const { key, text } = body.data
  const sentAt = chat.clock.now().toISOString()
  await acceptDelivery(chat, channel, visitorDelivery({ visitor: visitor.id, key, sentAt, text }))
  return c.json({ key }, 202)
}

function contactOf(chat: WebChat, channel: ChannelRow, visitor: VisitorRow): Promise<string | undefined> {
  return chat.vaults(channel.workspace_id).then((vault) => {
    const scope = { workspace: channel.workspace_id, channel: channel.id, vault }
    const key = identityKey(scope, { kind: 'visitor', value: visitor.id })
    return asTenant(chat.db, channel.workspace_id, (tx) => contactOfIdentity(tx, key))
  })
}

async function read(c: Context, chat: WebChat): Promise<Response> {
  const channel = await chatChannel(c, chat)
  checkOrigin(c, chat, channel, false)
  const visitor = await visitorOf(c, chat, channel)
  const contact = await contactOf(chat, channel, visitor)
  if (contact === undefined) return c.json({ messages: [] })
  const own = await ownVault(chat, channel.workspace_id, contact)
  if (own.erased) return c.json({ messages: [] })
  const of = { workspace: channel.workspace_id, contact, channel: channel.id }
  const rows = await asTenant(chat.db, channel.workspace_id, (tx) => messagesForContact(tx, of, SHOWN_MAX))
  return c.json({
    messages: rows.toReversed().map((row) => ({
      id: row.id,
      direction: row.direction,
      // Whether a person or a machine answered is the visitor's to know.
      author: row.author,
      type: row.type,
      text: row.body === null ? null : own.open(['message', 'body', row.id], row.body),
      at: row.sent_at.toISOString(),
    })),
  })
}

/** Counts one more stream of a visitor; returns what counts it out again. */
function enter(open: Map<string, number>, visitor: string): () => void {
  const before = open.get(visitor) ?? 0
  if (before >= STREAMS_MAX)
    throw new Problem('request.too-many', 'This chat is open in too many places; close some of them.')
  open.set(visitor, before + 1)
  return () => {
    const left = (open.get(visitor) ?? 1) - 1
    if (left > 0) open.set(visitor, left)
    else open.delete(visitor)
  }
}

async function stream(c: Context, chat: WebChat, open: Map<string, number>): Promise<Response> {
  const channel = await chatChannel(c, chat)
  checkOrigin(c, chat, channel, false)
  const visitor = await visitorOf(c, chat, channel)
  let contact = await contactOf(chat, channel, visitor)
  const toEvent: ToEvent = async (change) => {
    if (change === null) return {}
    if (change.workspace !== channel.workspace_id) return null
    // A visitor becomes a contact with the first message.
    contact ??= await contactOf(chat, channel, visitor)
    return change.contact === contact ? {} : null
  }
  const events = changeStream(chat.changes, toEvent, enter(open, visitor.id))
  for (const [name, value] of c.res.headers) events.headers.set(name, value)
  return events
}
