import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import { z } from '../kernel/schema.ts'
import { testBlockList } from './block-list/block-list.fixture.ts'
import { gatewayControls, gatewayDeclarations } from './controls.ts'
import { noFirewall } from './firewall/firewall.ts'
import { mergeFiles } from './firewall/generation.ts'
import { readReviewedFile } from './firewall/reviewed-file.ts'
import { loosePlaces } from './schema-strictness.ts'
import { testGateway, type TestGateway } from './gateway.fixture.ts'
import type { GatewaySystem } from './twin.ts'

describe('the gateway’s controls', () => {
  let at: TestGateway
  let system: GatewaySystem
  let blocks: Awaited<ReturnType<typeof testBlockList>>
  before(async () => {
    blocks = await testBlockList(systemClock)
    at = await testGateway(undefined, { turnedAway: blocks.list })
    const firewall = {
      ...noFirewall,
      rules: () => null,
      effective: () => null,
      file: () => mergeFiles(readReviewedFile('version: 1'), null),
    }
    system = {
      gateway: at.gateway,
      host: 'localhost',
      policy: at.reader,
      clock: systemClock,
      firewall,
      blockList: blocks.list,
    }
  })
  after(async () => {
    await at.close()
    await blocks.close()
  })

  /** What each known-bad run must have seen, so that it fails for its own reason. */
  const reasons: Readonly<Record<string, RegExp>> = {
    'plaintext-redirects-only':
      /answered 0 of 6 requests .* at the TLS port was not answered; open to the network besides these two: 127\./,
    'tls-minimum': /TLSv1, TLSv1\.1, TLSv1\.2, TLSv1\.3 accepted; none refused/,
    'tls-forward-secrecy': /no ephemeral group; .* fixed RSA key not refused/,
    hsts: /^0 of 11 answers/,
    limits: /65 of 65 requests were served and 0 refused .* answered 200 before, 200 during and 200 after/,
    'api-rate': /605 were served and 0 refused/,
    'request-validation': /Not strict: POST \/api\/careless body/,
    'request-log-complete': /^6 lines for 8 answered/,
  }

  // The firewall's is tried with real rules in its own folder.
  for (const one of gatewayControls.filter(({ id }) => id !== 'web-application-firewall'))
    test(`policy ${one.clauses.join(', ')}: ${one.id} passes on the running gateway and fails on a broken one`, async () => {
      const good = await one.check(system)
      assert.equal(good.result, 'pass', JSON.stringify(good))
      const bad = await one.knownBad(system)
      assert.equal(bad.result, 'fail', JSON.stringify(bad))
      assert.match(bad.saw, reasons[one.id] ?? /never/)
    })

  test('a check sees a gateway that stopped obeying', async () => {
    const find = (id: string) => gatewayControls.find((one) => one.id === id)
    const { reader } = at
    const drifted: GatewaySystem = {
      ...system,
      policy: {
        ...reader,
        read: (wanted) => (wanted.name === 'hsts.max-age' ? (1 as never) : reader.read(wanted)),
      },
    }
    assert.equal((await find('hsts')?.check(drifted))?.result, 'fail')
    at.publish({ 'tls.minimum': 'TLSv1.2' })
    const still: GatewaySystem = {
      ...system,
      policy: {
        ...reader,
        read: (wanted) => (wanted.name === 'tls.minimum' ? ('TLSv1.3' as never) : reader.read(wanted)),
      },
    }
    assert.equal((await find('tls-minimum')?.check(still))?.result, 'fail')
    assert.equal((await find('tls-minimum')?.check(system))?.result, 'pass')
    at.publish({ 'tls.minimum': 'TLSv1.3' })
  })

  test('every clause of chapters 2.1 and 4 is either observed or declared, once', () => {
    const clauses = [
      ...gatewayControls.flatMap((one) => one.clauses),
      ...gatewayDeclarations.map((one) => one.clause),
    ]
    const expected =
      '2.1-0 2.1-a 2.1-b 2.1-c 4.1-0 4.1-a 4.1-b 4.1-c 4.1-d 4.2-0 4.2-a 4.2-b 4.2-c 4.2-d 4.3-a.1 4.3-a.3 4.3-a.4 4.3-b'
    assert.equal(clauses.toSorted().join(' '), expected)
  })
})

test('policy 4.3-a.3: a schema that lets anything in is found, however deep', () => {
  const strict = z.strictObject({
    a: z.string().optional(),
    b: z.array(z.strictObject({ c: z.number().default(1) })),
    d: z.union([z.literal('x'), z.strictObject({ e: z.iso.datetime() })]),
    f: z.record(z.string(), z.boolean()),
    g: z.string().transform(Number).pipe(z.number()),
    h: z.coerce.number().nullable(),
    i: z.discriminatedUnion('t', [z.strictObject({ t: z.literal(1) }), z.strictObject({ t: z.literal(2) })]),
    j: z.enum(['k']).catch('k'),
    l: z.uuid(),
    m: z.tuple([z.string()]),
  })
  assert.deepEqual(loosePlaces(strict, 'body'), [])
  assert.deepEqual(loosePlaces(z.object({}), 'body'), ['body'])
  assert.deepEqual(loosePlaces(z.unknown(), 'body'), ['body'])
  assert.deepEqual(loosePlaces(z.strictObject({ a: z.array(z.any()) }), 'body'), ['body.a'])
  assert.deepEqual(loosePlaces(z.strictObject({ a: z.looseObject({}).optional() }), 'body'), ['body.a'])
  assert.deepEqual(loosePlaces(z.union([z.string(), z.object({})]), 'body'), ['body'])
})
