import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fakeClock } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { limiterOver, type RateLimiter, type RateWant } from './rate-limit.ts'
import { openSharedRates, type StoreLost } from './shared-rates.ts'

/** A Redis of the machine on a socket of its own; null where none is installed. */
async function startStore(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'surety-rates-'))
  const socket = join(folder, 's')
  const child = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder])
  const missing = once(child, 'error').then(() => true)
  const ready = new Promise<false>((resolve) => {
    child.stdout.on('data', (text) => {
      if (String(text).includes('eady to accept')) resolve(false)
    })
  })
  const absent = await Promise.race([missing, ready])
  const stop = async (): Promise<void> => {
    if (absent || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  context.after(async () => {
    await stop()
    await rm(folder, { recursive: true })
  })
  return absent ? null : { url: `unix://${socket}`, stop }
}

async function processAt(context: TestContext, url: string, lost: StoreLost = 'refuse') {
  const troubles: Error[] = []
  const rates = await openSharedRates({
    url,
    lost,
    clock: fakeClock(),
    told: (error) => troubles.push(error),
    answerMs: 10_000,
  })
  context.after(() => rates.close())
  return { ...limiterOver(rates), troubles }
}

const NONE = 'no redis-server is installed here'
const want = (budget: RateWant['budget'], client: string, limit: number): RateWant => ({
  budget,
  client,
  limit,
})

suite('rates that several gateways share', () => {
  test('policy 4.1-d: of 300 requests at three processes at once, exactly the limit is served', async (context) => {
    const store = await startStore(context)
    if (store === null) return context.skip(NONE)
    const processes = await Promise.all([1, 2, 3].map(() => processAt(context, store.url)))
    const verdicts = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        (processes[index % 3] as RateLimiter).take('api', 'one', 100),
      ),
    )
    assert.equal(verdicts.filter((one) => one.allowed).length, 100)
    const refused = verdicts.find((one) => !one.allowed)
    assert.ok(refused !== undefined && refused.resetSeconds > 0 && refused.resetSeconds <= 61)
    assert.equal(refused.remaining, 0)
  })

  test('policy 4.1-d: what one budget refuses is taken from no other', async (context) => {
    const store = await startStore(context)
    if (store === null) return context.skip(NONE)
    const { take, takeEach } = await processAt(context, store.url)
    for (let tries = 0; tries < 5; tries += 1) {
      const { refusedBy } = await takeEach([want('api', 'one', 2), want('workspace', 'all', 10)])
      assert.equal(refusedBy?.budget, tries < 2 ? undefined : 'api')
    }
    assert.equal((await take('workspace', 'all', 10)).remaining, 7)
  })

  test('policy 4.1-d: a store that is lost refuses, or leaves each process to count alone, as declared', async (context) => {
    const store = await startStore(context)
    if (store === null) return context.skip(NONE)
    const closed = await processAt(context, store.url, 'refuse')
    const open = await processAt(context, store.url, 'count-here')
    assert.ok((await closed.take('api', 'one', 2)).allowed)
    await store.stop()
    const refusal = (error: unknown): boolean =>
      error instanceof Problem && error.code === 'limits.unavailable'
    await assert.rejects(closed.take('api', 'one', 2), refusal)
    assert.ok((await open.take('api', 'one', 1)).allowed)
    assert.equal((await open.take('api', 'one', 1)).allowed, false)
  })

  test('a store that was never there is told about, and does not hold up the start', async (context) => {
    const { take, troubles } = await processAt(context, 'unix:///nowhere/s')
    assert.ok(troubles.length > 0)
    await assert.rejects(take('api', 'one', 2), Problem)
  })
})
