import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import { makeFolder, startSystem, type RunningSystem } from '../running-system.ts'
import {
  ask,
  openWorkplace,
  phoneOf,
  post,
  readiness,
  sentNotice,
  sql,
  storedMessages,
  textMessage,
  until,
  type Workplace,
} from './workplace.ts'

/** Pause of the provider between two deliveries: with its notices, fewer than one network may send. */
const BEAT_MS = 250
/** How long work may wait whose process died: until it is 30 s old, and then for the sweep of the minute. */
const SWEEP_MS_MAX = 100_000

const WAITING = 'select count(*)::int as count from inbox.inbound where processed_at is null'
const QUEUED = `select count(*)::int as count from inbox.message where direction = 'out' and status = 'queued'`

/** A provider that delivers without end, repeats what was not answered with 200, and tells of what it sent. */
interface Traffic {
  /** Delivers to one contact after another until told to stop. */
  deliver(): Promise<void>
  pause(): void
  /** Delivers again whatever was not accepted, as a provider does, until everything is. */
  repeat(): Promise<void>
  readonly accepted: ReadonlySet<string>
  readonly refusals: Map<number, number>
}

function openTraffic(at: () => Pick<Workplace, 'system' | 'channel'>): Traffic {
  const accepted = new Set<string>()
  const unanswered = new Map<string, string>()
  const refusals = new Map<number, number>()
  const tap = { open: false }
  let next = 0
  const send = async (phone: string, body: string): Promise<void> => {
    const status = await post(at(), body)
    if (status === 200) {
      accepted.add(phone)
      unanswered.delete(phone)
    } else {
      unanswered.set(phone, body)
      refusals.set(status, (refusals.get(status) ?? 0) + 1)
    }
  }
  return {
    accepted,
    refusals,
    deliver: async () => {
      tap.open = true
      const under: Promise<void>[] = []
      while (tap.open) {
        const phone = phoneOf(next)
        next += 1
        under.push(send(phone, textMessage(at().channel, phone, 'Hello')))
        await pause(BEAT_MS)
      }
      await Promise.all(under)
    },
    pause: () => {
      tap.open = false
    },
    repeat: () =>
      until('everything is accepted', async () => {
        await Promise.all([...unanswered].map(([phone, body]) => send(phone, body)))
        return unanswered.size === 0
      }),
  }
}

suite('drill: processes that die while deliveries come in', { timeout: 400_000 }, () => {
  let folder: string
  let at: Workplace & { stop(): Promise<void> }
  let system: RunningSystem
  let traffic: Traffic
  const telling = { on: true }
  const known = new Set<string>()
  let told: Promise<void>

  /** The provider's own notices name each message that it took, so that nobody sends it again. */
  const tellSent = async (): Promise<void> => {
    while (telling.on) {
      for (const { to, clientKey } of at.provider.received()) {
        if (clientKey === null || known.has(clientKey)) continue
        if ((await post({ system, channel: at.channel }, sentNotice(at.channel, to, clientKey))) === 200)
          known.add(clientKey)
      }
      await pause(100)
    }
  }
  const ready = async (): Promise<boolean> => (await readiness(system)).status === 200
  const kill = async (which: 'database' | 'keyring' | 'platform' | 'inbox' | 'launcher'): Promise<number> => {
    const id = (await system.processIds())[which]
    assert.ok(id, `${which} does not run`)
    process.kill(id, 'SIGKILL')
    return id
  }
  /** Deliveries flow before, while and after `lose` happens and until it is over. */
  const whileDelivering = async (lose: () => Promise<void>): Promise<void> => {
    const before = traffic.accepted.size
    const flow = traffic.deliver()
    try {
      await until('deliveries flow', () => traffic.accepted.size > before + 5)
      await lose()
      const between = traffic.accepted.size
      await until('deliveries are taken again', () => traffic.accepted.size > between + 5)
    } finally {
      traffic.pause()
      await flow
    }
    await traffic.repeat()
  }
  const count = async (query: string): Promise<number> =>
    (await sql<{ count: number }>(system, query))[0]?.count ?? -1
  const isAnswered = async (): Promise<boolean> => {
    const to = new Set(at.provider.received().map((one) => one.to))
    return [...traffic.accepted].every((phone) => to.has(phone))
  }

  /** Without a database: readiness, the API and deliveries say so, each in its way. */
  const isTold = async (): Promise<void> => {
    let seen = { status: 0, body: '' }
    await until('readiness says so', async () => (seen = await readiness(system)).status === 503)
    assert.match(seen.body, /^\{"status":"not ready","failing":\["database"/)
    const refused = await ask(system, at.administrator.cookie, 'GET /api/access/me')
    assert.equal(refused.status, 503, refused.text())
    assert.equal((refused.json() as { readonly code: string }).code, 'database.unavailable')
    assert.ok(Number(refused.headers['retry-after']) > 0)
    const before = traffic.refusals.get(503) ?? 0
    await until('deliveries are told to come again', () => (traffic.refusals.get(503) ?? 0) > before + 2)
  }

  before(async () => {
    folder = await makeFolder()
    at = await openWorkplace({ folder })
    system = at.system
    traffic = openTraffic(() => ({ system, channel: at.channel }))
    told = tellSent()
  })
  after(async () => {
    telling.on = false
    traffic?.pause()
    await told
    await Promise.allSettled([system?.stop(), at?.provider.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  /** Whoever is signed in stays so, and is told to come again at most. */
  const sessionLivesOn = async (): Promise<void> => {
    let status = 503
    await until('a request of the session is answered', async () => {
      ;({ status } = await ask(system, at.administrator.cookie, 'GET /inbox/conversations'))
      return status !== 503
    })
    assert.equal(status, 200, 'the session lives on')
  }

  test('kill -9 of the database is told with 503, and everything resumes by itself', async () => {
    const processes = await system.processIds()
    await whileDelivering(async () => {
      const { launcher } = processes
      assert.ok(launcher)
      // Held, or else the database is back before anybody can look.
      process.kill(launcher, 'SIGSTOP')
      try {
        await kill('database')
        await isTold()
      } finally {
        process.kill(launcher, 'SIGCONT')
      }
      await until('the system is ready', ready)
    })
    const after = await system.processIds()
    assert.notEqual(after.database, processes.database)
    assert.deepEqual([after.platform, after.inbox], [processes.platform, processes.inbox], 'nobody else died')
    await sessionLivesOn()
    assert.deepEqual([...traffic.refusals.keys()], [503], 'a delivery is accepted or told to come again')
  })

  test('kill -9 of the keyring: what is held in memory goes on, and it is started again', async () => {
    const before = await system.processIds()
    traffic.refusals.clear()
    await whileDelivering(async () => {
      await kill('keyring')
      await until('another one runs', async () => {
        const now = (await system.processIds()).keyring
        return now !== null && now !== before.keyring
      })
      await until('the system is ready', ready)
    })
    const after = await system.processIds()
    assert.deepEqual({ ...after, keyring: before.keyring }, before, 'nobody else died')
    assert.equal(traffic.refusals.size, 0, 'no delivery was turned away')
  })

  test('kill -9 of Instant Reply: the gateway says so, and it is started again', async () => {
    const { inbox } = await system.processIds()
    traffic.refusals.clear()
    await whileDelivering(async () => {
      await kill('inbox')
      await until('another one runs', async () => {
        const now = (await system.processIds()).inbox
        return now !== null && now !== inbox
      })
    })
    const other = [...traffic.refusals.keys()].filter((status) => ![502, 503].includes(status))
    assert.deepEqual(other, [])
  })

  test('kill -9 of the platform: it is started again and knows its sessions', async () => {
    const { platform } = await system.processIds()
    await whileDelivering(async () => {
      await kill('platform')
      await until('another one runs', async () => {
        const now = (await system.processIds()).platform
        return now !== null && now !== platform
      })
      await until('the system is ready', ready)
    })
    await sessionLivesOn()
  })

  test('kill -9 of the launcher ends everything it started, and npm start goes on with all data', async () => {
    await whileDelivering(async () => {
      await kill('launcher')
      const { environment } = system
      system = await startSystem({ folder, environment })
      assert.equal(system.firstLink, null, 'there is an administrator already')
    })
    await sessionLivesOn()
  })

  test('every delivery that was accepted is one message with one reply that went out once', async () => {
    assert.ok(traffic.accepted.size > 40, `${traffic.accepted.size} deliveries`)
    await until('the provider told of everything that reached it', () =>
      at.provider.received().every(({ clientKey }) => clientKey === null || known.has(clientKey)),
    )
    await until('every delivery is worked on', async () => (await count(WAITING)) === 0, SWEEP_MS_MAX)
    // What was leased when its process died waits for the end of its lease; here the lease ends early.
    await sql(system, 'update inbox.outbox set lease_until = $1 where lease_until is not null', [new Date(0)])
    await sql(system, `select inbox_jobs.add_job('sweep')`)
    await until('every message is answered', isAnswered, SWEEP_MS_MAX)
    await until('nothing is on its way', async () => (await count(WAITING)) + (await count(QUEUED)) === 0)
    const sent = at.provider.received().map(({ to }) => to)
    assert.deepEqual(
      sent.filter((to, place) => sent.indexOf(to) < place),
      [],
      'nobody was answered twice',
    )
    assert.deepEqual(new Set(sent), new Set(traffic.accepted))
    const { size } = traffic.accepted
    assert.deepEqual(await storedMessages(system), { in: size, out: size })
  })

  test('policy 8.2-a.3: the ledger is whole after all that', async () => {
    const { code, stdout, stderr } = await system.cli(['ledger', 'verify'])
    assert.equal(code, 0, stdout + stderr)
  })
})
