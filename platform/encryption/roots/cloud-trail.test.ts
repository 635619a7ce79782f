import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { secondsAfter } from '../../kernel/clock.ts'
import { cloudTrailUse } from './cloud-trail-entry.ts'
import { cloudTrailLog } from './cloud-trail.ts'
import { KeeperError } from './keeper.ts'
import { decryptRecord, trailServer } from './trail-server.fixture.ts'

const NOW = new Date('2026-01-30T12:00:00Z')
const before = (seconds: number): Date => secondsAfter(NOW, -seconds)
const LIMITS = { pagesMax: 100, spanPagesMax: 4, pauseMs: 0 }

async function trail(context: TestContext, limits: Partial<typeof LIMITS> = {}) {
  const server = await trailServer()
  context.after(server.close)
  const settings = {
    arn: server.arn,
    region: 'eu-central-1',
    accessKeyId: 'test',
    secretAccessKey: 'test',
    apiUrl: server.address,
  }
  const log = cloudTrailLog(settings, { ...LIMITS, ...limits })
  const read = (position: string | null = null, over: object = {}) =>
    log.read({ position, since: before(7200), missed: null, now: NOW, ...over })
  return { server, read }
}

suite('the event history of CloudTrail, against a stand-in written from its documentation', () => {
  test('uses of the key are told with time, operation, number, context and role, without a person’s name', async (context) => {
    const { server, read } = await trail(context)
    server.records.push(decryptRecord(server.arn, before(600), 'r-1'))
    const { uses, to, lost } = await read()
    assert.deepEqual(uses, [
      {
        at: before(600),
        operation: 'Decrypt',
        request: 'r-1',
        caller: 'AssumedRole:arn:aws:iam::000000000000:role/surety',
        context: { tenant: 'a', purpose: 'tenant', version: '1' },
      },
    ])
    assert.deepEqual([to, lost], [NOW, null])
  })

  test('what is no use of this key is left out: descriptions, refusals, other keys and other services', async (context) => {
    const { server, read } = await trail(context)
    const one = decryptRecord(server.arn, before(600), 'r-1')
    server.records.push(
      { ...one, eventName: 'DescribeKey' },
      { ...one, errorCode: 'AccessDenied' },
      { ...one, eventSource: 's3.amazonaws.com' },
      { ...one, resources: [{ ARN: 'arn:aws:kms:eu-central-1:000000000000:key/other' }] },
    )
    assert.deepEqual((await read()).uses, [])
    server.records.push({ ...one, eventName: 'GenerateDataKey', requestID: null, eventID: 'e-1' })
    assert.deepEqual(
      (await read()).uses.map(({ operation, request }) => [operation, request]),
      [['GenerateDataKey', 'event:e-1']],
    )
  })

  test('policy 2.3-b: a use in a form that is not known is told, and an entry that cannot be understood as well', async (context) => {
    const { server, read } = await trail(context)
    const one = decryptRecord(server.arn, before(600), 'r-1')
    server.records.push(
      { ...one, userIdentity: { type: 7, sessionContext: 'none' }, requestID: 'r-2' },
      { ...one, resources: [], requestID: 'r-3', errorCode: '' },
      { ...one, resources: 'none', requestID: 'r-4', errorCode: null },
    )
    const known = await read()
    assert.deepEqual(
      [known.uses.map(({ request }) => request).toSorted(), known.lost],
      [['r-2', 'r-3', 'r-4'], null],
    )
    server.records.push({ ...one, eventName: ['Decrypt'] as unknown as string })
    assert.match((await read()).lost ?? '', /^1 entries of CloudTrail/)
  })

  test('once a day more than the last hour is read again, for entries that come very late', async (context) => {
    const { server, read } = await trail(context)
    const { position } = await read()
    server.asked.length = 0
    const now = secondsAfter(NOW, 13 * 3600)
    await read(position, { now, since: before(80 * 3600) })
    assert.equal(server.asked[0]?.StartTime, before(26 * 3600).getTime() / 1000)
  })

  test('all pages are read, a span with too many in halves, and none is left out', async (context) => {
    const { server, read } = await trail(context)
    for (let index = 0; index < 500; index += 1)
      server.records.push(decryptRecord(server.arn, before(3000 + index), `r-${index}`))
    const { uses, to } = await read()
    assert.equal(new Set(uses.map(({ request }) => request)).size, 500)
    assert.deepEqual(to, NOW)
    assert.ok(server.asked.length < 60, String(server.asked.length))
  })

  test('reading stops where its pages are used up, with the oldest whole, and goes on there', async (context) => {
    const { server, read } = await trail(context, { pagesMax: 4 })
    for (let index = 0; index < 300; index += 1)
      server.records.push(decryptRecord(server.arn, before(6000 - 10 * index), `r-${index}`))
    const seen = new Set<string>()
    let position: string | null = null
    for (let rounds = 0; rounds < 40; rounds += 1) {
      const part = await read(position)
      const oldest = server.records.filter(({ eventTime }) => new Date(eventTime) < part.to)
      for (const { request } of part.uses) seen.add(request)
      assert.ok(oldest.every(({ requestID }) => seen.has(String(requestID))))
      position = part.position
      if (part.to >= NOW) break
    }
    assert.equal(seen.size, 300)
  })

  test('the last hour is read again each time, and further back where an entry is missed', async (context) => {
    const { server, read } = await trail(context)
    const { position } = await read()
    const from = (): number | undefined => server.asked[0]?.StartTime
    server.asked.length = 0
    await read(position)
    assert.equal(from(), before(3600).getTime() / 1000)
    server.asked.length = 0
    await read(position, { missed: before(5000) })
    assert.equal(from(), before(5060).getTime() / 1000)
  })

  test('throttling is waited out; a right that is missing and a service that is away are said', async (context) => {
    const { server, read } = await trail(context)
    server.records.push(decryptRecord(server.arn, before(600), 'r-1'))
    server.fail('ThrottlingException', 2)
    assert.equal((await read()).uses.length, 1)
    server.fail('AccessDeniedException', 1)
    await assert.rejects(
      read(),
      (error) => error instanceof KeeperError && /cloudtrail:LookupEvents/.test(error.detail),
    )
    await server.close()
    await assert.rejects(read(), (error) => error instanceof KeeperError && error.refusal === 'unreachable')
  })

  test('whatever an entry has in it, it is a use of this key or none', () => {
    const arn = 'arn:aws:kms:eu-central-1:000000000000:key/k'
    const field = fc.constantFrom(...Object.keys(decryptRecord(arn, NOW, 'r')))
    fc.assert(
      fc.property(field, fc.jsonValue(), fc.string(), (name, value, junk) => {
        const record = { ...decryptRecord(arn, NOW, 'r'), [name]: value }
        const use = cloudTrailUse(JSON.stringify(record), arn)
        assert.ok(!use || (use.request !== '' && !Number.isNaN(use.at.getTime())))
        // What only describes a use hides none.
        if (['userIdentity', 'requestParameters', 'requestID', 'eventVersion'].includes(name)) assert.ok(use)
        assert.ok((use?.caller?.length ?? 0) <= 200)
        assert.equal(cloudTrailUse(junk, arn), undefined)
      }),
    )
  })
})
