import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { startStandIn, type StandIn } from '../../inbox/stand-in/index.ts'
import { FORM_HEADER, formToken } from '../../platform/access/sessions/form-token.ts'
import { startSystem, totpNow, type Answer, type RunningSystem } from '../running-system.ts'

/** How often something that another process does is looked for. */
const LOOK_MS = 50

/** The first administrator of a running system, signed in. */
export interface Administrator {
  readonly email: string
  readonly password: string
  /** The secret of the authenticator app, base32. */
  readonly secret: string
  readonly recoveryCodes: readonly string[]
  /** The cookie of the session that set everything up. */
  readonly cookie: string
}

/** A WhatsApp channel of the workspace with a rule that answers every first message. */
export interface SampleChannel {
  readonly id: string
  readonly path: string
  readonly phoneNumberId: string
  readonly appSecret: string
}

/** A running system at work: an administrator, a channel, and a provider that counts what reaches it. */
export interface Workplace {
  readonly system: RunningSystem
  readonly administrator: Administrator
  readonly channel: SampleChannel
  readonly provider: StandIn
}

/** Settings that send the replies of a system to a provider of the test's own, which outlives every process of it. */
export async function openProvider(): Promise<{
  readonly provider: StandIn
  readonly environment: Readonly<Record<string, string>>
}> {
  const provider = await startStandIn()
  return { provider, environment: { WHATSAPP_API_URL: provider.url } }
}

/** Starts a system and sets it to work. */
export async function openWorkplace(
  options: Parameters<typeof startSystem>[0] = {},
): Promise<Workplace & { stop(): Promise<void> }> {
  const { provider, environment } = await openProvider()
  // A stop need not wait for the checks that follow each start.
  const asked = { ...options, environment: { SHUTDOWN_SECONDS: '2', ...environment, ...options.environment } }
  const system = await startSystem(asked).catch(async (error: unknown) => {
    await provider.stop()
    throw error
  })
  const stop = async (): Promise<void> => {
    await Promise.all([system.stop(), provider.stop()])
  }
  try {
    const administrator = await becomeAdministrator(system)
    const channel = await connectChannel(system, administrator)
    return { system, administrator, channel, provider, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One request as the page of the console makes it; the session's cookie is sent along. */
export async function ask(
  system: RunningSystem,
  cookie: string,
  route: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const [method = 'GET', path = '/'] = route.split(' ')
  return system.request(path, {
    method,
    headers: {
      origin: system.origin,
      'sec-fetch-site': 'same-origin',
      cookie,
      ...proofOf(cookie),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
}

/** What the page of the session sends beside its cookie. */
export function proofOf(cookie: string): Record<string, string> {
  return cookie === '' ? {} : { [FORM_HEADER]: formToken(cookie.slice(cookie.indexOf('=') + 1)) }
}

/** An answer that must not be a refusal. */
export async function taken(answer: Promise<Answer>): Promise<Answer> {
  const { status, text } = await answer
  assert.equal(status, 200, text())
  return answer
}

/** The session's cookie that an answer sets. */
export function sessionOf(answer: Answer): string {
  const set = answer.headers['set-cookie']?.find((one) => one.startsWith('__Host-surety='))
  assert.ok(set, `no session was given: ${answer.status} ${answer.text()}`)
  return set.slice(0, set.indexOf(';'))
}

async function becomeAdministrator(system: RunningSystem): Promise<Administrator> {
  assert.ok(system.firstLink, 'there is no link for the first administrator')
  const email = 'administrator@example.com'
  const password = `Aa1-${randomBytes(18).toString('base64url')}`
  const welcome = {
    token: new URL(system.firstLink).hash.slice(1),
    name: 'Sample administrator',
    email,
    password,
    workspaceName: 'Sample',
  }
  const begun = sessionOf(await ask(system, '', 'POST /api/access/welcome', welcome))
  const offer = await taken(ask(system, begun, 'POST /api/access/enrol', { label: 'Sample device' }))
  const { factorId, secret } = offer.json() as { readonly factorId: string; readonly secret: string }
  const confirmation = { factorId, code: totpNow(secret) }
  const confirmed = await taken(ask(system, begun, 'POST /api/access/enrol/confirm', confirmation))
  const { recoveryCodes } = confirmed.json() as { readonly recoveryCodes: readonly string[] }
  return { email, password, secret, recoveryCodes, cookie: sessionOf(confirmed) }
}

async function connectChannel(system: RunningSystem, { cookie }: Administrator): Promise<SampleChannel> {
  const phoneNumberId = '100000000000003'
  const secret = (): string => randomBytes(16).toString('hex')
  const appSecret = secret()
  const secrets = { appSecret, verifyToken: secret(), accessToken: secret() }
  const wanted = { kind: 'whatsapp', name: 'Sample WhatsApp', phoneNumberId, ...secrets }
  const made = await taken(ask(system, cookie, 'POST /inbox/channels', wanted))
  const rule = { name: 'First message', kind: 'first-message', reply: 'Sample reply: thank you.' }
  await taken(ask(system, cookie, 'POST /inbox/rules', rule))
  const { id, path } = made.json() as { readonly id: string; readonly path: string }
  return { id, path, phoneNumberId, appSecret }
}

/** Contact number `at`: 555-0100 to 555-0199 of one area code after another, which belong to nobody. */
export function phoneOf(at: number): string {
  return `1${201 + Math.floor(at / 100)}55501${String(at % 100).padStart(2, '0')}`
}

/** A delivery with one message, as the provider formats it; each call is another message. */
export function textMessage(channel: SampleChannel, from: string, text: string): string {
  return delivery(channel, {
    contacts: [{ profile: { name: `Sample contact ${from}` }, wa_id: from }],
    messages: [
      {
        from,
        id: `wamid.SAMPLE${randomBytes(12).toString('hex')}`,
        timestamp: nowSeconds(),
        type: 'text',
        text: { body: text },
      },
    ],
  })
}

/** A delivery that says how far a message of ours came; the provider names it by the key that was sent along. */
export function sentNotice(channel: SampleChannel, to: string, clientKey: string): string {
  const id = `wamid.SAMPLE${randomBytes(12).toString('hex')}`
  const status = { id, status: 'sent', timestamp: nowSeconds(), recipient_id: to }
  return delivery(channel, { statuses: [{ ...status, biz_opaque_callback_data: clientKey }] })
}

function delivery({ phoneNumberId }: SampleChannel, value: object): string {
  const metadata = { display_phone_number: '15550100000', phone_number_id: phoneNumberId }
  const change = { field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } }
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: 'sample', changes: [change] }],
  })
}

function nowSeconds(): string {
  return String(Math.floor(Date.now() / 1000))
}

/** Posts a delivery; the status, or 0 when there was no answer at all: the provider delivers it again. */
export async function post(
  { system, channel }: Pick<Workplace, 'system' | 'channel'>,
  body: string,
): Promise<number> {
  const answer = await system.postWebhook(channel.path, body, channel.appSecret).catch(() => null)
  return answer?.status ?? 0
}

/** Waits, with real time, for what other processes do. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  waitMs = 60_000,
): Promise<void> {
  const giveUpAt = performance.now() + waitMs
  while (!(await holds())) {
    if (performance.now() > giveUpAt) assert.fail(`waited ${waitMs / 1000} s in vain: ${what}`)
    await pause(LOOK_MS)
  }
}

/** The status that the system tells of itself; 0 when nobody answers. */
export async function readiness(
  system: RunningSystem,
): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await system.request('/readyz').catch(() => null)
  return { status: answer?.status ?? 0, body: answer?.text() ?? '' }
}

/** Runs SQL as the database's owner, as somebody with access to the machine could. */
export async function sql<Row extends pg.QueryResultRow>(
  system: RunningSystem,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: await databaseUrl(system) })
  await client.connect()
  try {
    return (await client.query<Row>(text, [...values])).rows
  } finally {
    await client.end()
  }
}

/** The address of the database, as the platform's process was given it. */
async function databaseUrl(system: RunningSystem): Promise<string> {
  const { platform } = await system.processIds()
  assert.ok(platform, 'the platform does not run')
  const given = readFileSync(`/proc/${platform}/environ`, 'utf8')
    .split('\0')
    .find((one) => one.startsWith('DATABASE_URL='))
  assert.ok(given)
  return given.slice('DATABASE_URL='.length)
}

/** How many messages of contacts and how many replies are stored. */
export async function storedMessages(
  system: RunningSystem,
): Promise<{ readonly in: number; readonly out: number }> {
  const rows = await sql<{ direction: 'in' | 'out'; count: number }>(
    system,
    'select direction, count(*)::int as count from inbox.message group by direction',
  )
  const of = (direction: string): number => rows.find((row) => row.direction === direction)?.count ?? 0
  return { in: of('in'), out: of('out') }
}
