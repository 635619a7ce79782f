import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openGateway } from '../cli/gateway.ts'
import { openInbox, type Inbox } from '../cli/inbox.ts'
import { openOperator } from '../cli/operator.ts'
import type { SampleContact, SampleProvider } from '../cli/sample/provider.ts'
import { sampleChannel, sampleRules } from '../cli/sample/workspace.ts'
import type { Config } from '../platform/kernel/config.ts'
import { percentile, type Figure } from './figure.ts'
import { becomeFirstAdministrator } from './first-administrator.ts'
import { processTree, programOf } from './process-tree.ts'
import { withSystem } from './running-system.ts'

const LIMIT_MS = 200
const REQUESTS = 300
const WARM_UP = 20
/** Five deliveries a second, whether or not the one before was answered. */
const EVERY_MS = 200
/** How long the last replies may take. */
const SETTLE_MS = 60_000

/**
 * From a provider's signed webhook to the stored automatic reply: the change notice that agents see is sent by the
 * commit that stores the reply, so its arrival is an upper bound. One new contact a message.
 */
export async function webhook(show: (figure: Figure) => void): Promise<void> {
  await withSystem(async (system, { config, environment }) => {
    const gateway = openGateway(config)
    const operator = openOperator(environment)
    await becomeFirstAdministrator(gateway, operator)
    const { key } = await operator.call('POST /demo/workspace')
    const inbox = openInbox(gateway, key)
    await sampleRules(inbox)
    const provider = await sampleChannel(gateway, inbox)
    const changed = await watchChanges(config, gateway.origin, key)
    await sendAll(provider, contacts(WARM_UP, 0))
    const before = cpuSeconds(system.processId)
    const sent = await sendAll(provider, contacts(REQUESTS, WARM_UP))
    const delays = await delaysOf(inbox, sent, changed.firstAt)
    if (changed.ended()) throw new Error('the stream of changes ended before the benchmark')
    const after = cpuSeconds(system.processId)
    changed.close()
    gateway.close()
    const limit = { kind: 'limit', value: LIMIT_MS } as const
    for (const [program, seconds] of after) {
      const ours = ((seconds - (before.get(program) ?? 0)) * 1000) / REQUESTS
      if (ours >= 0.1)
        show({ what: `processor time a message, ${program}`, ours, unit: 'ms', beside: { kind: 'none' } })
    }
    const answered = sent.map(({ answeredMs }) => answeredMs)
    show({
      what: `webhook to 200, p95 of ${REQUESTS}`,
      ours: percentile(answered, 0.95),
      unit: 'ms',
      beside: { kind: 'none' },
    })
    show({
      what: `webhook to stored reply, p50 of ${REQUESTS}`,
      ours: percentile(delays, 0.5),
      unit: 'ms',
      beside: limit,
    })
    show({
      what: `webhook to stored reply, p95 of ${REQUESTS}`,
      ours: percentile(delays, 0.95),
      unit: 'ms',
      beside: limit,
    })
    show({
      what: 'webhook to stored reply, slowest',
      ours: Math.max(...delays),
      unit: 'ms',
      beside: { kind: 'none' },
    })
  })
}

/** Processor time of the system by program; PostgreSQL is one. */
function cpuSeconds(root: number): Map<string, number> {
  const spent = new Map<string, number>()
  for (const one of processTree(root)) {
    const program = one.name === 'postgres' ? 'PostgreSQL' : programOf(one)
    spent.set(program, (spent.get(program) ?? 0) + one.cpuSeconds)
  }
  return spent
}

/** Sample contacts with numbers that belong to nobody: 555-0100 to 555-0199 of one area code after another. */
function contacts(count: number, from: number): SampleContact[] {
  return Array.from({ length: count }, (_, at) => {
    const number = from + at
    const area = 201 + Math.floor(number / 100)
    return {
      name: `Sample contact ${number}`,
      phone: `1${area}55501${String(number % 100).padStart(2, '0')}`,
    }
  })
}

interface Sent {
  readonly name: string
  readonly sentAt: number
  readonly answeredMs: number
}

async function sendAll(provider: SampleProvider, all: readonly SampleContact[]): Promise<Sent[]> {
  const sent: Promise<Sent>[] = []
  for (const contact of all) {
    sent.push(sendOne(provider, contact))
    await pause(EVERY_MS)
  }
  return Promise.all(sent)
}

async function sendOne(provider: SampleProvider, contact: SampleContact): Promise<Sent> {
  const delivery = provider.message(contact, 'What are your opening hours?')
  const sentAt = performance.now()
  const { status } = await provider.send(delivery)
  if (status !== 200) throw new Error(`the webhook answers ${status}`)
  return { name: contact.name, sentAt, answeredMs: performance.now() - sentAt }
}

interface Changes {
  /** When each conversation changed first. */
  readonly firstAt: ReadonlyMap<string, number>
  ended(): boolean
  close(): void
}

/** Listens to the stream of changes and keeps when each conversation changed first. */
function watchChanges(config: Config, origin: string, key: string): Promise<Changes> {
  const firstAt = new Map<string, number>()
  let ended = false
  const { hostname, port, host } = new URL(origin)
  return new Promise((resolve, reject) => {
    const stream = request(
      {
        host: config.SURETY_LISTEN,
        port,
        servername: hostname,
        ca: readFileSync(join(config.SURETY_KEYS, 'authority.pem')),
        path: '/inbox/stream',
        headers: { host, authorization: `Bearer ${key}` },
      },
      (reply) => {
        if (reply.statusCode !== 200) return reject(new Error(`the stream answers ${reply.statusCode}`))
        reply.once('close', () => {
          ended = true
        })
        let text = ''
        reply.setEncoding('utf8').on('data', (part: string) => {
          const now = performance.now()
          text += part
          const events = text.split('\n\n')
          text = events.pop() ?? ''
          for (const event of events) {
            const conversation = /^data: .*"conversation":"([0-9a-f-]{36})"/m.exec(event)?.[1]
            if (conversation !== undefined && !firstAt.has(conversation)) firstAt.set(conversation, now)
          }
        })
        return resolve({ firstAt, ended: () => ended, close: () => stream.destroy() })
      },
    )
    stream.once('error', reject)
    stream.end()
  })
}

/** The delay of every message; throws when one has no automatic reply. */
async function delaysOf(
  inbox: Inbox,
  sent: readonly Sent[],
  firstAt: ReadonlyMap<string, number>,
): Promise<number[]> {
  const giveUpAt = performance.now() + SETTLE_MS
  for (;;) {
    const answered = await answeredConversations(inbox)
    const delays = sent.flatMap(({ name, sentAt }) => {
      const at = firstAt.get(answered.get(name) ?? '')
      return at === undefined ? [] : [at - sentAt]
    })
    if (delays.length === sent.length) return delays
    if (performance.now() > giveUpAt)
      throw new Error(`${sent.length - delays.length} of ${sent.length} messages have no stored reply`)
    await pause(1000)
  }
}

/** The conversation of each contact whose last message is an automatic reply. */
async function answeredConversations(inbox: Inbox): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  let cursor: string | null = null
  do {
    const query: Record<string, string> = { limit: '100', ...(cursor === null ? {} : { cursor }) }
    const page: Awaited<ReturnType<typeof listPage>> = await listPage(inbox, query)
    for (const { id, contact, last } of page.conversations)
      if (last?.author === 'rule' && contact.name !== null) found.set(contact.name, id)
    cursor = page.next
  } while (cursor !== null)
  return found
}

function listPage(inbox: Inbox, query: Record<string, string>) {
  return inbox.call('GET /inbox/conversations', { query })
}
