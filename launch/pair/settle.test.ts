import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { ServerSight } from '#database'
import { settle, type SeenServers } from './settle.ts'
import type { PairState } from './state.ts'

function sight(timeline: number, standby = false, system = 'one'): ServerSight {
  const receives = standby ? { slot: null, name: 'walreceiver' } : null
  const unseen = { lsn: null, heartbeatAt: null, address: null, kernel: null }
  return { system, timeline, standby, readOnly: standby, receives, ...unseen }
}
const known = (more: Partial<PairState> = {}): PairState => ({
  primary: 'a',
  switchingTo: null,
  term: 1,
  system: 'one',
  timeline: 2,
  last: null,
  ...more,
})

suite('which of two servers takes writes', () => {
  test('policy 6.2-d: what is known goes on, and its standby does not matter', () => {
    assert.equal(settle(known(), { a: sight(2), b: sight(2, true) }).primary, 'a')
    assert.equal(settle(known(), { a: sight(2), b: null }).primary, 'a')
    assert.equal(settle(known(), { a: sight(2), b: sight(1) }).primary, 'a')
  })

  test('policy 6.2-d: at a first start the only one that takes writes is used, and none of two', () => {
    assert.equal(settle(null, { a: sight(1), b: sight(1, true) }).primary, 'a')
    assert.equal(settle(null, { a: sight(2, true), b: sight(2) }).primary, 'b')
    // The one that is silent may be the newer one.
    assert.throws(() => settle(null, { a: null, b: sight(2) }), /at a first start both must/)
    assert.throws(() => settle(null, { a: sight(1), b: null }), /at a first start both must/)
    assert.throws(() => settle(null, { a: sight(1), b: sight(2) }), /both databases take writes/)
    assert.throws(() => settle(null, { a: null, b: sight(1, true) }), /no database takes writes/)
  })

  test('policy 6.2-d: a change that was cut off counts only when the new server was promoted', () => {
    const cut = known({ switchingTo: 'b' })
    for (const a of [{ ...sight(2), readOnly: true }, sight(2, true), null])
      assert.deepEqual(settle(cut, { a, b: sight(3) }), {
        primary: 'b',
        system: 'one',
        timeline: 3,
        found: false,
      })
    // What still takes writes was not fenced by us before the other one was promoted, or came back.
    assert.throws(() => settle(cut, { a: sight(2), b: sight(3) }), /both databases take writes/)
    assert.equal(settle(cut, { a: sight(2), b: sight(2, true) }).primary, 'a')
    assert.throws(() => settle(cut, { a: sight(2), b: null }), /cut off/)
    // It is being promoted at this moment.
    assert.throws(() => settle(cut, { a: sight(2), b: { ...sight(2, true), receives: null } }), /cut off/)
  })

  test('policy 6.2-d: a standby that somebody else promoted is used when the known server says that it is none, never for its silence', () => {
    assert.equal(settle(known(), { a: sight(3, true), b: sight(3) }).found, true)
    assert.throws(() => settle(known(), { a: null, b: sight(3) }), /failover --lost/)
    assert.throws(() => settle(known(), { a: sight(2), b: sight(3) }), /both databases take writes/)
  })

  test('policy 6.2-d: another cluster, an older timeline and a copy started beside are never used', () => {
    assert.throws(() => settle(known(), { a: sight(2, false, 'two'), b: sight(2, true) }), /another database/)
    assert.throws(() => settle(known(), { a: sight(1), b: sight(2, true) }), /old timeline 1/)
    assert.throws(() => settle(known(), { a: null, b: sight(2) }), /no database can be used/)
  })

  test('policy 6.2-d: whatever is seen, nothing older than what is known, and no standby, is ever chosen', () => {
    const anySight = fc.option(
      fc
        .record({
          timeline: fc.integer({ min: 1, max: 5 }),
          standby: fc.boolean(),
          system: fc.constantFrom('one', 'two'),
        })
        .map(({ timeline, standby, system }) => sight(timeline, standby, system)),
    )
    const anyState = fc.record({
      primary: fc.constantFrom('a' as const, 'b' as const),
      switching: fc.boolean(),
      timeline: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(anyState, anySight, anySight, ({ primary, switching, timeline }, a, b) => {
        const seen: SeenServers = { a, b }
        const other = primary === 'a' ? 'b' : 'a'
        const state = known({ primary, timeline, switchingTo: switching ? other : null })
        let chosen: SeenServers['a'] = null
        try {
          chosen = seen[settle(state, seen).primary]
        } catch {
          return
        }
        assert.ok(chosen !== null && !chosen.standby)
        assert.ok(chosen.system === 'one' && chosen.timeline >= timeline)
        const beside = chosen === a ? b : a
        const rival = beside !== null && !beside.standby && beside.system === 'one'
        assert.ok(!rival || beside.timeline < chosen.timeline || beside.timeline <= timeline)
      }),
    )
  })
})
