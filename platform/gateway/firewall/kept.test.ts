import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import type { Match, Report } from '#waf'
import { sealedDatabase, type SealedDatabase } from '../../encryption/sealed-database.fixture.ts'
import { fakeClock } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { silentLog } from '../../kernel/log.ts'
import { openAuditLog, partsOf } from './audit-log.ts'
import { openBlockEvents } from './block-events.ts'
import { BLOCKS_KEPT, openBlocks } from './blocks.ts'
import { entryOf, type Entry } from './entry.ts'
import type { Judged } from './firewall.ts'
import { listBlocks } from './queries.ts'
import { rebuild } from './rebuild.ts'
import { keepableTarget, sanitise } from './sanitise.ts'
import { openSeen } from './seen.ts'
import { openTraffic } from './traffic.ts'

const clock = fakeClock()
const SET = 'f'.repeat(64)

function match(rule: number, variable: string, value: string): Match {
  return {
    rule,
    place: { file: 'rules/sample.conf', line: 7 },
    phase: 2,
    severity: 2,
    message: 'A sample attack',
    data: '',
    tags: ['paranoia-level/1'],
    paranoia: 1,
    log: true,
    disruptive: true,
    operator: { name: 'rx', negated: false, argument: 'or' },
    matched: [
      { variable, value, transformed: value.toLowerCase(), transformations: ['lowercase'], part: 'or' },
    ],
  }
}

function seen(matches: readonly Match[], more: Partial<Report> = {}): Report {
  const verdict = {
    rule: 949_110,
    phase: 2,
    action: 'deny',
    status: 403,
    location: null,
    message: 'Too much',
  } as const
  return {
    uniqueId: 'x',
    mode: 'block',
    blocked: matches.length > 0 ? verdict : null,
    wouldBlock: null,
    scores: { inbound: matches.length * 5, outbound: 0 },
    matches,
    audit: { relevant: matches.length > 0, parts: 'ABIJDEFHZ' },
    overBudget: [],
    ...more,
  }
}

function judged(more: Partial<Judged> = {}): Judged {
  const headers = [
    'Host',
    'localhost',
    'Cookie',
    'session=hunter2',
    'Authorization',
    'Bearer sk_hunter2',
    'User-Agent',
    'Sample/1',
  ]
  const head = {
    method: 'POST',
    target: '/api/notes/7?q=hunter2&page=hunter2',
    protocol: 'HTTP/1.1',
    headers,
  }
  return {
    requestId: newId(clock),
    method: 'POST',
    pattern: '/api/notes/:id',
    head,
    status: 403,
    ip: '192.0.2.9',
    client: '',
    ms: 0.2,
    ...more,
  }
}

const entry = (matches: readonly Match[], more: Partial<Judged> = {}): Entry =>
  entryOf(seen(matches), judged(more), clock.now(), SET)

suite('what the firewall keeps', () => {
  let database: SealedDatabase
  let db: SealedDatabase['db']
  let keys: SealedDatabase['keys']
  let folder: string
  before(async () => {
    database = await sealedDatabase(clock)
    ;({ db, keys } = database)
    folder = await mkdtemp(join(tmpdir(), 'surety-kept-'))
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  test('no cookie, authorization, password, query value, e-mail address, number or key is kept', () => {
    const kept = JSON.stringify(
      entry([
        match(1, 'ARGS:password', 'hunter2'),
        match(2, 'REQUEST_COOKIES:session', 'hunter2'),
        match(3, 'REQUEST_HEADERS:Authorization', 'Bearer hunter2'),
        match(4, 'ARGS:text', "' or 1=1 person@example.org +49 30 1234567 sk_live_0123456789abcdef"),
      ]),
    )
    assert.doesNotMatch(kept, /hunter2|person@example|1234567|0123456789abcdef/)
    assert.match(kept, /' or 1=1 \[e-mail\]/)
    assert.match(kept, /q=…&page=…/)
  })

  test('sanitising ends quickly, is bounded, and leaves no e-mail address, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000, unit: 'binary' }), fc.emailAddress(), (noise, mail) => {
        const bare = /^[\w.+-]{1,60}@[\w-]{1,60}\.[a-z]+$/.test(mail)
        const clean = sanitise(` ${mail} ${noise}`)
        assert.ok(clean.length <= 201)
        assert.ok(!bare || !clean.includes(mail))
        assert.ok(keepableTarget(`/${noise}`).length < 6000)
      }),
    )
    const started = process.cpuUsage()
    for (const text of ['a@'.repeat(50_000), '1 '.repeat(50_000), 'a1'.repeat(50_000), 'a.'.repeat(50_000)])
      sanitise(text)
    assert.ok(process.cpuUsage(started).user < 500_000)
  })

  test('the audit log holds the parts that the rules ask for, is private, turns over, and is bounded', async () => {
    const path = join(folder, 'log', 'firewall-audit.jsonl')
    const bounds = { fileBytesMax: 4000, filesKept: 2, waitingMax: 20, lineBytesMax: 3000 }
    const log = openAuditLog(path, silentLog, bounds)
    const one = entry([match(1, 'ARGS:text', 'or')])
    for (let round = 0; round < 30; round += 1) {
      log.write(one, 'ABIJDEFHZ')
      await log.stop()
    }
    const files = await readdir(join(folder, 'log'))
    assert.deepEqual(files.toSorted(), [
      'firewall-audit.jsonl',
      'firewall-audit.jsonl.1',
      'firewall-audit.jsonl.2',
    ])
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const [line = ''] = (await readFile(path, 'utf8')).split('\n')
    assert.equal((JSON.parse(line) as { id: string }).id, one.id)
    for (let round = 0; round < 30; round += 1) log.write(one, 'ABH')
    // The first is on its way already.
    assert.equal(log.lost(), 9)
    await log.stop()
    assert.deepEqual(Object.keys(partsOf(one, 'AZ')).toSorted(), [
      'at',
      'client',
      'fingerprint',
      'id',
      'method',
      'ms',
      'outcome',
      'route',
    ])
    assert.ok(!JSON.stringify(partsOf(one, 'AHZ')).includes('transformed'))
  })

  test('a thousand refusals of one client leave two events, of many clients a bounded number', () => {
    const events: AuditEvent[] = []
    const blocks = openBlockEvents(clock, (event) => void events.push(event))
    for (let round = 0; round < 1000; round += 1)
      blocks.blocked(entry([match(1, 'ARGS:a', 'or')]), { ip: `192.0.2.${round % 250}`, userAgent: '' })
    assert.equal(events.length, 1)
    clock.advanceSeconds(61)
    blocks.sweep()
    assert.deepEqual(
      events.map(({ details }) => details['requests']),
      [1, 999],
    )
    for (let round = 0; round < 5000; round += 1)
      blocks.blocked(entry([match(1, 'ARGS:a', 'or')]), {
        ip: `10.${round % 250}.${round >> 8}.1`,
        userAgent: '',
      })
    assert.ok(events.length <= 64)
    clock.advanceSeconds(61)
    blocks.sweep()
    const told = events.reduce((sum, { details }) => sum + Number(details['requests']), 0)
    assert.equal(told, 6000)
  })

  test('a refusal is stored sealed, found by its request id, listed by page, and removed after thirty days', async () => {
    const blocks = openBlocks({ db, keys, clock, log: silentLog })
    const ids: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const one = entry([match(942_100, 'ARGS:text', "' or 1=1")])
      ids.push(one.id)
      blocks.store(one, { ip: '192.0.2.9', userAgent: '' })
      clock.advanceSeconds(1)
    }
    await blocks.stop()
    const found = await blocks.find(ids[0] ?? '')
    assert.equal(found?.ip, '192.0.2.9')
    assert.equal(found.entry.matches[0]?.matched[0]?.part, 'or')
    assert.equal(await blocks.find(newId(clock)), null)
    const raw = await db.selectFrom('blocked_request').select('sealed').executeTakeFirstOrThrow()
    assert.ok(!raw.sealed.includes('or 1=1') && !raw.sealed.includes('192.0.2.9'))
    const first = await listBlocks(db, { most: 2 })
    const last = first.at(-1)
    assert.ok(last !== undefined)
    const next = await listBlocks(db, { most: 10, before: last })
    assert.deepEqual(
      [...first, ...next].map(({ id }) => id),
      ids.toReversed(),
    )
    assert.equal((await listBlocks(db, { most: 10, rule: 1 })).length, 0)
    assert.equal((await listBlocks(db, { most: 10, rule: 942_100 })).length, 5)
    clock.advanceSeconds(BLOCKS_KEPT.days * 86_400 + 10)
    assert.equal(await blocks.expire(), 5)
    assert.equal(blocks.lost(), 0)
  })

  test('policy 4.1-d: a flood of refusals stores a bounded number of rows, and hides nobody else’s', async () => {
    const blocks = openBlocks({ db, keys, clock, log: silentLog })
    const flood = (ip: string, count: number): void => {
      for (let round = 0; round < count; round += 1)
        blocks.store(entry([match(1, 'ARGS:a', 'or')]), { ip, userAgent: '' })
    }
    flood('192.0.2.9', 500)
    assert.equal(blocks.lost(), 440)
    const other = entry([match(1, 'ARGS:a', 'or')])
    blocks.store(other, { ip: '198.51.100.7', userAgent: '' })
    await blocks.stop()
    assert.equal((await blocks.find(other.id))?.ip, '198.51.100.7')
    for (let network = 0; network < 30; network += 1) flood(`10.1.${network}.1`, 60)
    assert.ok(blocks.lost() >= 440 + 1800 - 600)
    await blocks.stop()
    clock.advanceSeconds(60)
    const before = blocks.lost()
    flood('192.0.2.9', 1)
    assert.equal(blocks.lost(), before)
    await blocks.stop()
    clock.advanceSeconds(BLOCKS_KEPT.days * 86_400 + 10)
    await blocks.expire()
    assert.equal((await listBlocks(db, { most: 1 })).length, 0)
  })

  test('every request is counted, refusals are listed, and the requests of the checks are neither', () => {
    const traffic = openTraffic(clock)
    const stored: Entry[] = []
    const report = openSeen({
      clock,
      log: silentLog,
      traffic,
      auditLog: { write: () => {} },
      blocks: { store: (one) => void stored.push(one) },
      events: { blocked: () => {} },
      fingerprint: () => SET,
    })
    report(seen([]), judged())
    report(seen([match(7, 'ARGS:a', 'or')]), judged())
    report(seen([match(7, 'ARGS:a', 'or')], { blocked: null }), judged())
    report(seen([match(7, 'ARGS:a', 'or')]), judged({ ip: '127.64.2.1' }))
    report(seen([match(7, 'ARGS:a', 'or')]), judged({ head: null }))
    traffic.passed(false)
    const [minute] = traffic.minutes()
    assert.equal(minute?.blocked, 2)
    assert.equal(minute.unguarded, 1)
    assert.equal(stored.length, 2)
    assert.deepEqual(traffic.rules(), [{ rule: 7, message: 'A sample attack', matches: 3 }])
    assert.equal(traffic.recent().length, 2)
  })

  test('a request is put together again with the matched values where they stood', () => {
    const json = {
      head: {
        method: 'POST',
        target: '/api/notes/7?q=a',
        protocol: 'HTTP/1.1',
        headers: ['Content-Type', 'application/json', 'Content-Length', '9'],
      },
    }
    const again = rebuild(entry([match(1, 'ARGS_GET:q', "' or 1"), match(2, 'ARGS:json.a.b', '<b>')], json))
    assert.equal(again.target, "/api/notes/7?q='%20or%201")
    assert.equal(again.body, '{"a":{"b":"<b>"}}')
    assert.deepEqual(again.headers, ['Content-Type', 'application/json', 'content-length', '17'])
    assert.equal(again.exact, false)
    const form = rebuild(entry([match(1, 'ARGS:text', 'ü=1')]))
    assert.equal(form.body, 'text=%C3%BC%3D1')
  })
})
