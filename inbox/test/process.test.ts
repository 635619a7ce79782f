import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import {
  connectWhatsApp,
  makeRule,
  post,
  startInboxUnderTest,
  textDelivery,
  type InboxUnderTest,
  type TestChannel,
} from './inbox-under-test.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly output: () => string
}

/** Waits, with real time, for what another process does. */
async function until(holds: () => Promise<boolean> | boolean, what: string, waitMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + waitMs
  while (!(await holds())) {
    if (performance.now() > giveUpAt) assert.fail(`waited in vain: ${what}`)
    await pause(25)
  }
}

suite('the process', () => {
  let t: InboxUnderTest
  let channel: TestChannel
  let folder: string
  const children: ChildProcess[] = []

  const environment = (): Record<string, string> => ({
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: t.databaseUrl,
    SURETY_SERVICE_SOCKET: t.twin.socketPath,
    SURETY_SERVICE_TOKEN: join(folder, 'token'),
    WHATSAPP_API_URL: t.standIn.url,
    PUBLIC_ORIGIN: 'https://localhost:8443',
  })
  const start = async (more: Record<string, string> = {}): Promise<Running> => {
    const child = fork(MAIN, { env: { ...environment(), ...more }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => assert.fail(output)),
    ])) as [{ ready: boolean; port: number }]
    assert.equal(message.ready, true)
    return { child, url: `http://127.0.0.1:${message.port}`, output: () => output }
  }
  const ended = async ({ child }: Running, signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null) return child.exitCode
    child.kill(signal)
    const [code] = (await once(child, 'exit')) as [number | null]
    return code
  }
  const deliver = (to: { url: string }, id: string, text = 'hello') =>
    post(
      to,
      channel,
      textDelivery(channel, {
        id,
        from: `1555${id.replace(/\D/g, '').padStart(7, '0')}`,
        text,
        at: new Date(),
      }),
    )
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: t.databaseUrl.replace(/\/[^/?]*(\?|$)/, '/postgres$1') })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  const databaseName = (): string => /\/([^/?]+)(?:\?|$)/.exec(t.databaseUrl)?.[1] ?? assert.fail()

  before(async () => {
    t = await startInboxUnderTest()
    folder = await mkdtemp(join(tmpdir(), 'inbox-'))
    await writeFile(join(folder, 'token'), 'service-token\n', { mode: 0o600 })
    channel = await connectWhatsApp(t)
    await makeRule(t, {})
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await t.stop()
    await rm(folder, { recursive: true })
  })

  test('it starts, says so, answers health, declares its events, works, and stops cleanly', async () => {
    const inbox = await start()
    assert.equal((await fetch(`${inbox.url}/healthz`)).status, 200)
    assert.equal((await fetch(`${inbox.url}/readyz`)).status, 200)
    assert.equal(await deliver(inbox, 'wamid.1'), 200)
    await until(() => t.standIn.received().length === 1, 'the reply')
    await until(() => [...t.twin.events.values()].some(({ type }) => type === 'message.sent'), 'the event')
    assert.ok('message.sent' in t.twin.catalogue)
    assert.equal(await ended(inbox, 'SIGTERM'), 0)
    assert.ok(!/error/i.test(inbox.output()), inbox.output())
  })

  test('kill -9 in the middle of work loses nothing that was accepted', async () => {
    t.standIn.clear()
    const first = await start()
    const accepted = await Promise.all(Array.from({ length: 40 }, (_, n) => deliver(first, `wamid.2${n}`)))
    assert.deepEqual([...new Set(accepted)], [200])
    await ended(first, 'SIGKILL')
    const answered = (): Set<string> => new Set(t.standIn.received().map(({ to }) => to))
    assert.ok(answered().size < 40, 'the process was killed in time')
    // What was being sent when the process died waits for its lease; here the lease ends early.
    await t.db
      .updateTable('outbox')
      .set({ lease_until: new Date(0) })
      .where('lease_until', 'is not', null)
      .execute()
    const second = await start()
    await until(() => answered().size === 40, `all answers, there are ${answered().size}`)
    const { length } = await t.db.selectFrom('message').select('id').where('direction', '=', 'out').execute()
    assert.equal(length, 41)
    assert.equal(await ended(second, 'SIGTERM'), 0)
  })

  test('a lost database is told with 503, nothing accepted is lost, and work resumes by itself', async () => {
    t.standIn.clear()
    const inbox = await start()
    assert.equal(await deliver(inbox, 'wamid.31'), 200)
    await until(() => t.standIn.received().length === 1, 'the reply before')
    await admin(`alter database ${databaseName()} with allow_connections false`)
    await admin(
      `select pg_terminate_backend(pid, 20000) from pg_stat_activity where datname = '${databaseName()}'`,
    )
    assert.equal(await deliver(inbox, 'wamid.32'), 503)
    assert.equal((await fetch(`${inbox.url}/readyz`)).status, 503)
    assert.equal((await fetch(`${inbox.url}/healthz`)).status, 200)
    await pause(3000)
    await admin(`alter database ${databaseName()} with allow_connections true`)
    await until(async () => (await deliver(inbox, 'wamid.32')) === 200, 'deliveries are taken again')
    await until(() => t.standIn.received().length === 2, 'the reply after')
    await until(async () => (await fetch(`${inbox.url}/readyz`)).status === 200, 'readiness')
    assert.equal(await ended(inbox, 'SIGTERM'), 0)
  })

  test('wrong settings are refused with every reason and no value', async () => {
    const child = fork(MAIN, {
      env: { ...environment(), DATABASE_URL: 'mysql://SECRET', INBOX_PORT: '99999', PUBLIC_ORIGIN: 'x' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 1)
    for (const name of ['DATABASE_URL', 'INBOX_PORT', 'PUBLIC_ORIGIN'])
      assert.match(output, new RegExp(`${name}: not usable`))
    assert.ok(!output.includes('SECRET'))
  })
})
