import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { listenFor } from '../../db/index.ts'
import { stranger, type Caller, type RequestContext } from '../../kernel/caller.ts'
import { fakeClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { plainBytes } from '../client-network.ts'
import { rangeKey, rangeText, readRange } from './address-range.ts'
import { testBlockList } from './block-list.fixture.ts'
import { openBlockList, type BlockList } from './block-list.ts'
import { refuseBlockedCaller } from './turned-away.ts'

const OFFICER: RequestContext = {
  requestId: '00000000-0000-4000-8000-000000000001',
  caller: {
    ...stranger({ ip: '198.51.100.4', userAgent: 'sample browser' }),
    kind: 'account',
    id: '00000000-0000-4000-8000-000000000002',
  },
}
const REASON = 'tries every door since noon'

async function opened(context: TestContext) {
  const test = await testBlockList(fakeClock())
  context.after(test.close)
  return test
}

const wish = (subject: string, seconds = 600) =>
  ({ kind: 'network', subject, reason: REASON, seconds }) as const
const known = (kind: Caller['kind'], id: string, onBehalfOf: string | null = null) => ({
  kind,
  id,
  onBehalfOf,
})

suite('the block list', () => {
  test('policy 4.1-d: a blocked range is turned away until its time is over, and no other address is', async (context) => {
    const { list, clock, events } = await opened(context)
    await list.block(OFFICER, wish('192.0.2.0/24'))
    await list.block(OFFICER, wish('2001:db8:1::/48', 1200))
    for (const address of ['192.0.2.1', '192.0.2.255', '::ffff:192.0.2.7', '2001:db8:1:2::3'])
      assert.ok(list.hasAddress(address), address)
    for (const address of ['192.0.3.1', '198.51.100.4', '2001:db8:2::1', '127.0.0.1', '', 'nonsense'])
      assert.ok(!list.hasAddress(address), address)
    clock.advanceSeconds(601)
    assert.ok(!list.hasAddress('192.0.2.1'))
    assert.ok(list.hasAddress('2001:db8:1:2::3'))
    assert.deepEqual(events, ['block.added', 'block.added'])
  })

  test('policy 4.1-d: a lifted block ends at once, is kept with who lifted it, and cannot be lifted twice', async (context) => {
    const { list, events } = await opened(context)
    const { id } = await list.block(OFFICER, wish('192.0.2.7'))
    await list.lift(OFFICER, id)
    assert.ok(!list.hasAddress('192.0.2.7'))
    const [row] = await list.list(null, 10)
    assert.deepEqual(
      [row?.subject, row?.reason, row?.lifted?.by.id],
      ['192.0.2.7', REASON, OFFICER.caller.id],
    )
    await assert.rejects(list.lift(OFFICER, id), /has ended/)
    assert.deepEqual(events, ['block.added', 'block.lifted'])
  })

  test('policy 4.1-d: another process turns away within a second of a block, and lets in within a second of its end', async (context) => {
    const { list, parts, url } = await opened(context)
    const other = await openBlockList(parts)
    const heard = Promise.withResolvers<void>()
    let lifted = Promise.withResolvers<void>()
    const stop = await listenFor(
      url,
      {
        blocks_changed: () =>
          void other.reload().then(() => (other.hasAddress('192.0.2.7') ? heard : lifted).resolve()),
      },
      { reconnected: () => {}, lost: () => {} },
    )
    context.after(stop)
    const began = performance.now()
    const { id } = await list.block(OFFICER, wish('192.0.2.7'))
    await heard.promise
    lifted = Promise.withResolvers()
    await list.lift(OFFICER, id)
    await lifted.promise
    assert.ok(!other.hasAddress('192.0.2.7'))
    context.diagnostic(`both were heard after ${Math.round(performance.now() - began)} ms`)
  })

  test('policy 4.1-d: an account is turned away with every program that acts in its name', async (context) => {
    const { list, clock } = await opened(context)
    const [account, key] = [newId(clock), newId(clock)]
    await list.block(OFFICER, { ...wish(account), kind: 'account' })
    await list.block(OFFICER, { ...wish(key), kind: 'api-key' })
    assert.ok(list.hasCaller(known('account', account)))
    assert.ok(list.hasCaller(known('client', 'other', account)))
    assert.ok(list.hasCaller(known('api-key', key)))
    assert.ok(!list.hasCaller(known('account', key)) && !list.hasCaller(known('client', account)))
    const caller: Caller = { ...OFFICER.caller, id: account }
    assert.throws(() => refuseBlockedCaller(list, caller), /not served at the moment/)
    assert.doesNotThrow(() => refuseBlockedCaller(list, { ...caller, kind: 'anonymous' }))
  })

  test('nobody blocks themselves, a whole country, or nonsense', async (context) => {
    const { list } = await opened(context)
    const refused = async (subject: string, why: RegExp) =>
      assert.rejects(list.block(OFFICER, wish(subject)), why, subject)
    await refused('198.51.100.0/24', /in this range yourself/)
    await refused('::ffff:198.51.100.4', /in this range yourself/)
    for (const subject of [
      '0.0.0.0/0',
      '10.0.0.0/8',
      '::/0',
      '2001::/16',
      '1.2.3',
      '192.0.2.0/33',
      'x',
      '1.2.3.4/-1',
    ])
      await refused(subject, /no wider than/)
    const own = { ...wish(OFFICER.caller.id), kind: 'account' } as const
    await assert.rejects(list.block(OFFICER, own), /cannot block yourself/)
    assert.deepEqual(await list.list(null, 10), [])
  })

  test('ended blocks are kept for ninety days, and a page goes on where the one before ended', async (context) => {
    const { list, clock } = await opened(context)
    for (let index = 0; index < 5; index += 1) {
      await list.block(OFFICER, wish(`192.0.2.${index}`))
      clock.advanceSeconds(1)
    }
    const seen: string[] = []
    let from: Parameters<BlockList['list']>[0] = null
    for (;;) {
      const page = await list.list(from, 2)
      const last = page.at(-1)
      if (last === undefined) break
      seen.push(...page.map(({ subject }) => subject))
      from = { at: last.madeAt, id: last.id }
    }
    assert.deepEqual(
      seen,
      [4, 3, 2, 1, 0].map((index) => `192.0.2.${index}`),
    )
    assert.equal(await list.tidy(), 0)
    clock.advanceSeconds(91 * 86_400)
    assert.equal(await list.tidy(), 5)
  })
})

test('a range holds exactly the addresses that begin with its bits, and reads as it is written', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 16, max: 32 }), (one, two, bits) => {
      const range = readRange(`${one}/${bits}`)
      assert.ok(range !== null)
      assert.deepEqual(readRange(rangeText(range)), range)
      const first = (address: string) =>
        [...plainBytes(address)]
          .map((byte) => byte.toString(2).padStart(8, '0'))
          .join('')
          .slice(0, bits)
      const same = rangeKey(plainBytes(two), bits) === rangeKey(range.bytes, bits)
      assert.equal(same, first(one) === first(two))
    }),
  )
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 32, max: 128 }), (address, bits) => {
      const range = readRange(`${address}/${bits}`)
      if (range === null || range.bytes.length === 4) return
      assert.deepEqual(readRange(rangeText(range)), range, rangeText(range))
    }),
  )
})
