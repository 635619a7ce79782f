import { serve } from '@hono/node-server'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { openSurety, type Surety } from '#client'
import { testDatabase } from '#database'
import { startPlatformTwin, TWIN_ISSUER, type PlatformTwin } from '../../client/testing/platform-twin.ts'
import { openChanges } from '../db/changes.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { migrateJobs } from '../jobs/queue.ts'
import type { Log } from '../kernel/log.ts'
import { openInbox, type Inbox } from '../service.ts'
import { openPersonVaults, type PersonVaults } from '../tenants/person-vault.ts'
import { openVaults, type Vaults } from '../tenants/vault.ts'
import { startStandIn, type StandIn } from '../stand-in/index.ts'
import { providerSignature } from '../whatsapp/signature.ts'
import { whatsAppSender } from '../whatsapp/send.ts'

/** A clock that stands still until it is told to move. */
export interface TestClock {
  now(): Date
  set(to: Date): void
  advance(seconds: number): void
}

/** What the API is asked with. */
export interface Ask {
  readonly workspace?: string
  readonly permissions?: readonly string[]
  readonly body?: unknown
  readonly claims?: object
}

const ALL = [
  'conversation.read',
  'conversation.reply',
  'rule.read',
  'rule.edit',
  'channel.read',
  'channel.edit',
]

/** Instant Reply on a database, a platform twin and a stand-in of its own, with a clock that stands still. */
export interface InboxUnderTest {
  readonly url: string
  readonly databaseUrl: string
  readonly db: Database
  readonly inbox: Inbox
  readonly twin: PlatformTwin
  readonly standIn: StandIn
  readonly surety: Surety
  readonly clock: TestClock
  readonly workspace: string
  readonly logged: string[]
  api(method: string, path: string, ask?: Ask): Promise<{ status: number; body: Record<string, unknown> }>
  /** Runs a job by name, or sweeps everything that waits. */
  run(job: string, payload?: unknown): Promise<void>
  /** The service as another process would have it, on the same database. */
  restarted(): Promise<Inbox>
  /** The vaults that the service uses. */
  readonly vaults: Vaults
  readonly personVaults: PersonVaults
  /** Works on everything that arrived and sends everything that is due. */
  settle(): Promise<void>
  stop(): Promise<void>
}

function testClock(): TestClock {
  let at = Date.parse('2026-01-30T12:00:00Z')
  return {
    now: () => new Date(at),
    set: (to) => {
      at = to.getTime()
    },
    advance: (seconds) => {
      at += Math.round(seconds * 1000)
    },
  }
}

function keepingLog(lines: string[]): Log {
  const write = (record: object, message: string): void =>
    void lines.push(JSON.stringify({ ...record, message }))
  return { info: write, warn: write, error: write }
}

function listening(inbox: Inbox): Promise<Server> {
  return new Promise((resolve) => {
    const server = serve({ fetch: inbox.app.fetch, hostname: '127.0.0.1', port: 0 }, () =>
      resolve(server as Server),
    )
  })
}

async function settle(db: Database, run: InboxUnderTest['run']): Promise<void> {
  const { rows } = await sql<{ id: string }>`select id from inbound where processed_at is null`.execute(db)
  await Promise.all(rows.map(({ id }) => run('intake', { id })))
  await run('sweep')
}

function runner(inbox: Inbox): InboxUnderTest['run'] {
  return async (name, payload) => {
    const job = inbox.jobs.find((one) => one.name === name)
    if (job === undefined) throw new Error(`no job ${name}`)
    await job.run(payload)
  }
}

function asker(url: string, twin: PlatformTwin, clock: TestClock, workspace: string): InboxUnderTest['api'] {
  return async (method, path, ask = {}) => {
    const claims = { ws: ask.workspace ?? workspace, permissions: ask.permissions ?? ALL, ...ask.claims }
    const reply = await fetch(url + path, {
      method,
      headers: {
        'surety-identity': await twin.sign(claims, { now: clock.now() }),
        'x-forwarded-for': '192.0.2.1',
        ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
    })
    return { status: reply.status, body: (await reply.json()) as Record<string, unknown> }
  }
}

/** Starts it; `stop` leaves nothing behind. */
export async function startInboxUnderTest(): Promise<InboxUnderTest> {
  const database = await testDatabase()
  await migrateJobs(database.url)
  const [twin, standIn] = [await startPlatformTwin(), await startStandIn()]
  const clock = testClock()
  const workspace = randomUUID()
  twin.tenants = [{ id: workspace, sample: true, state: 'active' }]
  const logged: string[] = []
  const log = keepingLog(logged)
  const surety = suretyOf(twin, clock)
  const db = openDatabase(database.url, () => {})
  const changes = await openChanges(database.url, () => {}, 50)
  const parts = { db, changes, clock, surety, log, publicOrigin: TWIN_ISSUER }
  const sendText = whatsAppSender(standIn.url, 500)
  const open = (): Inbox => openInbox({ ...parts, sendText, provider: 'stand-in', chance: () => 0.5 })
  const inbox = open()
  const server = await listening(inbox)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const run = runner(inbox)
  return {
    url,
    databaseUrl: database.url,
    db,
    inbox,
    twin,
    standIn,
    surety,
    clock,
    workspace,
    logged,
    api: asker(url, twin, clock, workspace),
    run,
    restarted: () => Promise.resolve(open()),
    ...vaultsOver(surety, clock),
    settle: () => settle(db, run),
    stop: async () => {
      closeNow(server)
      await changes.close()
      surety.close()
      await Promise.all([standIn.stop(), twin.stop(), db.destroy()])
      await database.drop()
    },
  }
}

function closeNow(server: Server): void {
  server.closeAllConnections()
  server.close()
}

function vaultsOver(surety: Surety, clock: TestClock): Pick<InboxUnderTest, 'vaults' | 'personVaults'> {
  return { vaults: openVaults(surety, clock.now), personVaults: openPersonVaults(surety, clock.now) }
}

function suretyOf(twin: PlatformTwin, clock: TestClock): Surety {
  return openSurety({
    socketPath: twin.socketPath,
    token: 'service-token',
    issuer: TWIN_ISSUER,
    now: clock.now,
    retryMs: 1,
    timeoutMs: 1000,
  })
}

/** A connected WhatsApp number with its secret. */
export interface TestChannel {
  readonly id: string
  readonly phoneNumberId: string
  readonly appSecret: string
}

/** Connects a WhatsApp channel through the API. */
export async function connectWhatsApp(
  t: InboxUnderTest,
  more: { workspace?: string; phoneNumberId?: string; disclosure?: string } = {},
): Promise<TestChannel> {
  const phoneNumberId = more.phoneNumberId ?? '106540352242922'
  const appSecret = 'sample-app-secret-0123456789'
  const { status, body } = await t.api('POST', '/inbox/channels', {
    ...(more.workspace === undefined ? {} : { workspace: more.workspace }),
    body: {
      kind: 'whatsapp',
      name: 'Sample bakery',
      phoneNumberId,
      appSecret,
      verifyToken: 'sample-verify-token-0123',
      accessToken: 'sample-access-token-0123',
      ...(more.disclosure === undefined ? {} : { disclosure: more.disclosure }),
    },
  })
  if (status !== 200) throw new Error(`channel: ${status} ${JSON.stringify(body)}`)
  return { id: String(body['id']), phoneNumberId, appSecret }
}

/** A delivery of one message, as the provider's documentation shows it. */
export function textDelivery(
  channel: Pick<TestChannel, 'phoneNumberId'>,
  message: {
    id: string
    from?: string
    userId?: string
    text?: string
    at: Date
    type?: string
    name?: string
  },
): object {
  const { id, from, userId, at, type = 'text', name = 'Sample person' } = message
  return {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '102290129340398',
        changes: [
          {
            field: 'messages',
            value: {
              messaging_product: 'whatsapp',
              metadata: { display_phone_number: '15550783881', phone_number_id: channel.phoneNumberId },
              contacts: [
                {
                  profile: { name },
                  ...(from === undefined ? {} : { wa_id: from }),
                  ...(userId === undefined ? {} : { user_id: userId }),
                },
              ],
              messages: [
                {
                  ...(from === undefined ? {} : { from }),
                  ...(userId === undefined ? {} : { from_user_id: userId }),
                  id,
                  timestamp: String(Math.floor(at.getTime() / 1000)),
                  type,
                  ...(type === 'text'
                    ? { text: { body: message.text ?? 'hello' } }
                    : { [type]: { id: 'media' } }),
                },
              ],
            },
          },
        ],
      },
    ],
  }
}

/** A delivery of one status. */
export function statusDelivery(
  channel: Pick<TestChannel, 'phoneNumberId'>,
  status: { id: string; status: string; at: Date; key?: string; code?: number },
): object {
  return {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '102290129340398',
        changes: [
          {
            field: 'messages',
            value: {
              messaging_product: 'whatsapp',
              metadata: { display_phone_number: '15550783881', phone_number_id: channel.phoneNumberId },
              statuses: [
                {
                  id: status.id,
                  status: status.status,
                  timestamp: String(Math.floor(status.at.getTime() / 1000)),
                  recipient_id: '15551234567',
                  ...(status.key === undefined ? {} : { biz_opaque_callback_data: status.key }),
                  ...(status.code === undefined ? {} : { errors: [{ code: status.code, title: 'sample' }] }),
                },
              ],
            },
          },
        ],
      },
    ],
  }
}

/** Posts a delivery, signed as the provider does unless told otherwise; returns the status. */
export async function post(
  t: Pick<InboxUnderTest, 'url'>,
  channel: TestChannel,
  delivery: object | string,
  signature?: string | null,
): Promise<number> {
  const raw = typeof delivery === 'string' ? delivery : JSON.stringify(delivery)
  const signed = signature === undefined ? providerSignature(channel.appSecret, Buffer.from(raw)) : signature
  const reply = await fetch(`${t.url}/hooks/meta/${channel.id}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signed === null ? {} : { 'x-hub-signature-256': signed }),
    },
    body: raw,
  })
  await reply.arrayBuffer()
  return reply.status
}

/** Makes a rule through the API. */
export async function makeRule(t: InboxUnderTest, rule: object): Promise<string> {
  const usual = {
    name: 'Sample rule',
    kind: 'keyword',
    words: ['hello'],
    reply: 'Sample answer',
    cooldownSeconds: 0,
  }
  const { status, body } = await t.api('POST', '/inbox/rules', { body: { ...usual, ...rule } })
  if (status !== 200) throw new Error(`rule: ${status} ${JSON.stringify(body)}`)
  return String(body['id'])
}
