import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { gate, GATE_CODES, WINDOW_SECONDS, windowOpen, type GateInput } from './gate.ts'

const NOW = Date.parse('2026-01-30T12:00:00Z')

/** The same promise written another way: who may speak at all, then for how long, then how often. */
function oracle(input: GateInput): string {
  const ms = (at: Date | null): number => (at === null ? Number.NaN : input.now.getTime() - at.getTime())
  if (input.contact !== 'active') return `contact-${input.contact}`
  if (input.channel.state !== 'ready') return `channel-${input.channel.state}`
  const machine = input.author === 'rule'
  if (machine) {
    if (input.conversation === 'closed') return 'conversation-closed'
    if (input.optedOut) return 'opted-out'
    if (input.conversation === 'human') return 'held-by-person'
  }
  if (input.channel.kind === 'whatsapp') {
    // NaN, for a contact who never wrote, compares as false.
    if (!(ms(input.lastInboundAt) <= 86_399_999)) return 'window-closed'
  } else if (!(ms(input.sessionEndsAt) <= -1)) return 'session-ended'
  if (!machine) return 'allowed'
  if (ms(input.lastFiredAt) <= input.cooldownSeconds * 1000 - 1) return 'cooling-down'
  return input.automaticRecently > 4 ? 'loop' : 'allowed'
}

const near = (edges: readonly number[]) =>
  fc.option(
    fc
      .tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 }))
      .map(([edge, off]) => new Date(NOW - edge * 1000 + off)),
    { nil: null },
  )

const inputs: fc.Arbitrary<GateInput> = fc.record({
  now: fc.constant(new Date(NOW)),
  author: fc.constantFrom('rule', 'person'),
  channel: fc.record({
    kind: fc.constantFrom('whatsapp', 'webchat'),
    state: fc.oneof(
      { weight: 5, arbitrary: fc.constant('ready' as const) },
      fc.constantFrom('broken', 'disabled'),
    ),
  }),
  contact: fc.oneof(
    { weight: 5, arbitrary: fc.constant('active' as const) },
    fc.constantFrom('blocked', 'erased'),
  ),
  optedOut: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  conversation: fc.oneof(
    { weight: 4, arbitrary: fc.constant('bot' as const) },
    fc.constantFrom('human', 'closed'),
  ),
  lastInboundAt: near([0, 60, WINDOW_SECONDS]),
  sessionEndsAt: near([0, -60, -WINDOW_SECONDS]),
  lastFiredAt: near([0, 60, 300]),
  cooldownSeconds: fc.constantFrom(0, 60, 300),
  automaticRecently: fc.integer({ min: 0, max: 7 }),
})

suite('the send gate', () => {
  test('agrees with an independently written oracle everywhere, and explains every verdict', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(inputs, (input) => {
        const verdict = gate(input)
        seen.add(verdict.code)
        assert.equal(verdict.code, oracle(input))
        assert.equal(verdict.allow, verdict.code === 'allowed')
        assert.ok(verdict.why.length > 10)
      }),
      { numRuns: 20_000 },
    )
    assert.deepEqual([...seen].sort(), Object.keys(GATE_CODES).sort())
  })

  test('never lets a machine out where a person would be refused', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        if (gate({ ...input, author: 'rule' }).allow) assert.ok(gate({ ...input, author: 'person' }).allow)
      }),
    )
  })

  test('the window is open for 23:59:59.999 and closed at 24:00:00.000', () => {
    const wrote = new Date(NOW)
    assert.ok(windowOpen(wrote, new Date(NOW + WINDOW_SECONDS * 1000 - 1)))
    assert.ok(!windowOpen(wrote, new Date(NOW + WINDOW_SECONDS * 1000)))
    assert.ok(!windowOpen(null, new Date(NOW)))
  })
})
