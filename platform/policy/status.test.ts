import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { secondsAfter } from '../kernel/clock.ts'
import type { Attestation } from './attestation-status.ts'
import type { ControlFacts, ControlRun } from './control-status.ts'
import { type ClauseFacts, clauseStatus, rollUp } from './status.ts'
import { status, STATUS_WORDS, worstOf } from './status-word.ts'

const NOW = new Date('2026-01-30T12:00:00Z')
const HOUR = 3600
const ago = (seconds: number): Date => secondsAfter(NOW, -seconds)

function run(
  secondsAgo: number,
  result: ControlRun['result'],
  ended: ControlRun['ended'] = 'completed',
): ControlRun {
  return { at: ago(secondsAgo), ended, result, saw: `It came out as ${result}.` }
}

function controlled(changes: Partial<ControlFacts> = {}): ControlFacts {
  const fresh = {
    check: run(HOUR, 'pass'),
    knownBad: run(2 * HOUR, 'fail'),
    failingSince: null,
    valuesChangedAt: null,
  }
  return { id: 'sample-control', freshSeconds: 3 * HOUR, ...fresh, ...changes }
}

function clause(changes: Partial<ClauseFacts> = {}): ClauseFacts {
  const nothing = {
    controls: [],
    declarations: [],
    attestations: [],
    exceptions: [],
    drifts: [],
    contradictions: [],
  }
  return { kinds: ['enforced', 'measured'], ...nothing, ...changes }
}

const attestation: Attestation = {
  kind: 'attested',
  documentHash: 'a'.repeat(64),
  documentTitle: 'Sample register',
  issuer: 'Sample issuer',
  periodFrom: ago(100 * 86_400),
  periodTo: ago(86_400),
  expiresAt: secondsAfter(NOW, 86_400),
  anchorQuote: 'every employee was screened',
  anchorPlace: 'page 3',
  owner: 'head of people',
  uploadedBy: 'account-1',
  approvedBy: 'account-2',
  approvedAt: ago(HOUR),
}

const wordOf = (facts: ClauseFacts, now = NOW): string | undefined => clauseStatus(facts, now)?.word
const ofControl = (changes: Partial<ControlFacts>) =>
  clauseStatus(clause({ controls: [controlled(changes)] }), NOW)

test('a clause is PROVEN by a fresh pass of a check that was lately shown to fail, until either is too old', () => {
  const proven = ofControl({})
  assert.deepEqual(proven, {
    word: 'PROVEN',
    since: null,
    until: secondsAfter(NOW, 2 * HOUR),
    provider: null,
    because: 'It came out as pass.',
    provedAt: ago(HOUR),
  })
  assert.deepEqual(ofControl({ knownBad: run(47 * HOUR, 'fail') })?.until, secondsAfter(NOW, HOUR))
})

test('silence turns STALE by time alone', () => {
  const facts = clause({ controls: [controlled()] })
  assert.equal(wordOf(facts, secondsAfter(NOW, 2 * HOUR - 1)), 'PROVEN')
  const later = clauseStatus(facts, secondsAfter(NOW, 2 * HOUR))
  assert.deepEqual([later?.word, later?.since], ['STALE', secondsAfter(NOW, 2 * HOUR)])
  const untried = ofControl({ knownBad: run(48 * HOUR, 'fail') })
  assert.deepEqual([untried?.word, untried?.since], ['STALE', NOW])
  assert.equal(ofControl({ freshSeconds: 90 * HOUR, check: run(25 * HOUR, 'pass') })?.word, 'STALE')
})

test('a known-bad run that stayed green fails the clause, however green the check is', () => {
  const blind = ofControl({ knownBad: run(HOUR, 'pass') })
  assert.deepEqual([blind?.word, blind?.since], ['FAILING', ago(HOUR)])
  assert.equal(ofControl({ knownBad: run(90 * HOUR, 'pass') })?.word, 'FAILING')
})

test('a check that was never shown to fail, or never looked, proves nothing', () => {
  assert.equal(ofControl({ knownBad: null })?.word, 'UNPROVEN')
  assert.equal(ofControl({ check: null })?.word, 'UNPROVEN')
  assert.equal(wordOf(clause()), 'UNPROVEN')
  assert.equal(ofControl({ knownBad: run(HOUR, 'fail', 'error') })?.word, 'STALE')
  assert.equal(ofControl({ knownBad: run(HOUR, 'pass', 'timeout') })?.word, 'STALE')
})

test('a failure stays until a check passes: neither silence nor a crash of the check hides it', () => {
  const failing = { check: run(9 * HOUR, 'fail'), failingSince: ago(20 * HOUR) }
  assert.deepEqual([ofControl(failing)?.word, ofControl(failing)?.since], ['FAILING', ago(20 * HOUR)])
  assert.equal(ofControl({ ...failing, check: run(HOUR, 'fail', 'error') })?.word, 'FAILING')
  assert.equal(ofControl({ check: run(HOUR, 'pass', 'timeout') })?.word, 'STALE')
})

test('what was seen before the value changed, or is dated in the future, does not count', () => {
  assert.equal(ofControl({ valuesChangedAt: ago(HOUR / 2) })?.word, 'STALE')
  assert.equal(ofControl({ valuesChangedAt: ago(2 * HOUR) })?.word, 'PROVEN')
  assert.equal(ofControl({ check: run(-120, 'pass') })?.word, 'UNPROVEN')
  assert.equal(ofControl({ check: { ...run(0, 'pass'), at: new Date(Number.NaN) } })?.word, 'UNPROVEN')
})

test('a clause is as bad as its worst control', () => {
  const fail = controlled({ check: run(60, 'fail') })
  assert.equal(wordOf(clause({ controls: [controlled(), fail, controlled()] })), 'FAILING')
  const older = controlled({ check: run(2 * HOUR, 'pass') })
  const both = clauseStatus(clause({ controls: [controlled(), older] }), NOW)
  assert.deepEqual(
    [both?.word, both?.provedAt, both?.until],
    ['PROVEN', ago(2 * HOUR), secondsAfter(NOW, HOUR)],
  )
})

test('an attested clause needs every detail of its document, and a second person', () => {
  const of = (changes: Partial<Attestation>) =>
    clauseStatus(clause({ kinds: ['attested'], attestations: [{ ...attestation, ...changes }] }), NOW)
  assert.deepEqual([of({})?.word, of({})?.until, of({})?.provedAt], ['ATTESTED', attestation.expiresAt, null])
  const lacking: Partial<Attestation>[] = [
    { documentHash: '' },
    { documentHash: 'A'.repeat(64) },
    { documentTitle: ' ' },
    { issuer: '' },
    { anchorQuote: ' \n' },
    { anchorPlace: '' },
    { owner: '' },
    { uploadedBy: '' },
    { approvedBy: null },
    { approvedBy: 'account-1' },
    { approvedBy: ' account-1 ' },
    { approvedAt: null },
    { approvedAt: secondsAfter(NOW, 1) },
    { periodFrom: secondsAfter(NOW, 1), periodTo: secondsAfter(NOW, 2) },
    { periodTo: ago(200 * 86_400) },
    { periodTo: new Date(Number.NaN) },
    { expiresAt: NOW },
    { kind: 'inherited' },
  ]
  for (const lack of lacking) assert.equal(of(lack)?.word, 'UNPROVEN', JSON.stringify(lack))
})

test('an inherited clause names its provider, and a document never stands in for a check', () => {
  const inherited = { ...attestation, kind: 'inherited' } as const
  const given = clauseStatus(clause({ kinds: ['inherited'], attestations: [inherited] }), NOW)
  assert.deepEqual([given?.word, given?.provider], ['INHERITED', 'Sample issuer'])
  assert.equal(wordOf(clause({ attestations: [attestation] })), 'UNPROVEN')
  assert.equal(wordOf(clause({ kinds: ['inherited', 'attested'], attestations: [inherited] })), 'UNPROVEN')
  assert.equal(
    wordOf(clause({ kinds: ['inherited', 'attested'], attestations: [inherited, attestation] })),
    'INHERITED',
  )
  const mixed = { kinds: ['enforced', 'attested'], controls: [controlled()] } as const
  assert.equal(wordOf(clause({ ...mixed, attestations: [attestation] })), 'ATTESTED')
  assert.equal(wordOf(clause(mixed)), 'UNPROVEN')
})

test('people’s decisions that a check compares with the ledger need no document; a provider’s part still does', () => {
  const controls = [{ ...controlled(), seesDecisions: true }]
  assert.equal(wordOf(clause({ kinds: ['enforced', 'attested'], controls })), 'PROVEN')
  assert.equal(wordOf(clause({ kinds: ['enforced', 'inherited'], controls })), 'UNPROVEN')
  assert.equal(wordOf(clause({ kinds: ['attested'], controls: [] })), 'UNPROVEN')
})

test('a value in force that differs from the text fails its clause, and no exception covers that', () => {
  const drift = { parameter: 'session.idle', expected: '30 minutes', found: '2 hours', since: ago(60) }
  const exception = {
    reason: 'A sample.',
    acceptedBy: 'owner',
    acceptedAt: ago(60),
    until: secondsAfter(NOW, 60),
  }
  const drifted = clauseStatus(
    clause({ controls: [controlled()], drifts: [drift], exceptions: [exception] }),
    NOW,
  )
  assert.deepEqual([drifted?.word, drifted?.since], ['FAILING', ago(60)])
})

test('a contradicted sentence is CONTRADICTED even when a check passes, but a failure is worse', () => {
  const contradictions = ['The provider says otherwise.']
  assert.equal(wordOf(clause({ controls: [controlled()], contradictions })), 'CONTRADICTED')
  const fail = controlled({ check: run(60, 'fail') })
  assert.equal(wordOf(clause({ controls: [fail], contradictions })), 'FAILING')
  const declarations = [{ kind: 'contradicted', because: 'Two sources disagree.' }] as const
  assert.equal(wordOf(clause({ declarations })), 'CONTRADICTED')
})

test('an accepted exception is shown until it ends, with what it covers', () => {
  const exception = {
    reason: 'The part is on order.',
    acceptedBy: 'owner',
    acceptedAt: ago(60),
    until: secondsAfter(NOW, 60),
  }
  const facts = clause({ controls: [controlled({ check: run(60, 'fail') })], exceptions: [exception] })
  const shown = clauseStatus(facts, NOW)
  assert.deepEqual([shown?.word, shown?.until], ['EXCEPTION', exception.until])
  assert.match(
    shown?.because ?? '',
    /on order\. Accepted by owner\. Without it: FAILING, It came out as fail\./,
  )
  assert.equal(wordOf(facts, exception.until), 'FAILING')
  assert.equal(wordOf({ ...facts, exceptions: [{ ...exception, acceptedBy: '' }] }), 'FAILING')
})

test('a parent is never better than its worst child', () => {
  const words = fc.constantFrom(...STATUS_WORDS)
  const family = fc.record({ parent: fc.option(words), children: fc.array(words, { maxLength: 5 }) })
  fc.assert(
    fc.property(family, ({ parent, children }) => {
      const own = new Map([
        ['3.1-0', parent === null ? null : status(parent, 'own')],
        ...children.map((word, index) => [`3.1-a.${index}`, status(word, 'child')] as const),
      ])
      const parents = new Map(children.map((_word, index) => [`3.1-a.${index}`, '3.1-0']))
      const rolled = rollUp(own, parents)
      const ranks = [...children, ...(parent === null ? [] : [parent])].map((word) =>
        STATUS_WORDS.indexOf(word),
      )
      const expected = ranks.length === 0 ? 'UNPROVEN' : STATUS_WORDS[Math.max(...ranks)]
      assert.equal(rolled.get('3.1-0')?.shown.word, expected)
      assert.equal(rolled.get('3.1-0')?.own?.word, parent ?? undefined)
      for (const [index, word] of children.entries())
        assert.equal(rolled.get(`3.1-a.${index}`)?.shown.word, word)
    }),
  )
})

test('a clause that is computed says what its worst clause says, and names it', () => {
  const computed = clauseStatus(clause({ kinds: ['computed'] }), NOW)
  assert.equal(computed, null)
  const own = new Map([
    ['8.1-0', computed],
    ['8.1-a', ofControl({})],
    ['8.1-b', ofControl({ check: run(60, 'fail') })],
  ])
  const shown = rollUp(
    own,
    new Map([
      ['8.1-a', '8.1-0'],
      ['8.1-b', '8.1-0'],
    ]),
  ).get('8.1-0')?.shown
  assert.deepEqual(
    [shown?.word, shown?.because, shown?.since],
    ['FAILING', '8.1-b: It came out as fail.', ago(60)],
  )
})

const runs = fc.option(
  fc.record({
    at: fc.integer({ min: -200, max: 200 * HOUR }).map(ago),
    ended: fc.constantFrom('completed', 'error', 'timeout' as const),
    result: fc.constantFrom('pass', 'fail' as const),
    saw: fc.constant('It was seen.'),
  }),
)
const controls = fc.record({
  id: fc.constant('sample-control'),
  freshSeconds: fc.integer({ min: 1, max: 100 * HOUR }),
  check: runs,
  knownBad: runs,
  failingSince: fc.option(fc.integer({ min: 0, max: 200 * HOUR }).map(ago)),
  valuesChangedAt: fc.option(fc.integer({ min: 0, max: 200 * HOUR }).map(ago)),
})

test('a check or known-bad run that saw nothing proves nothing, also when its clock is ahead of this one', () => {
  for (const ended of ['timeout', 'error'] as const) {
    assert.equal(ofControl({ check: { ...run(-1, 'pass'), ended } })?.word, 'STALE')
    assert.equal(ofControl({ knownBad: { ...run(-60, 'fail'), ended } })?.word, 'STALE')
  }
})

test('PROVEN holds exactly when every control has a fresh pass and a fresh known-bad run that went red', () => {
  const age = (at: Date): number => (NOW.getTime() - at.getTime()) / 1000
  fc.assert(
    fc.property(fc.array(controls, { minLength: 1, maxLength: 3 }), (all) => {
      const expected = all.every(
        ({ check, knownBad, freshSeconds, failingSince, valuesChangedAt }) =>
          failingSince === null &&
          check?.ended === 'completed' &&
          check.result === 'pass' &&
          age(check.at) >= -60 &&
          age(check.at) < Math.min(freshSeconds, 24 * HOUR) &&
          (valuesChangedAt === null || check.at >= valuesChangedAt) &&
          knownBad?.ended === 'completed' &&
          knownBad.result === 'fail' &&
          age(knownBad.at) >= -60 &&
          age(knownBad.at) < 48 * HOUR,
      )
      assert.equal(wordOf(clause({ controls: all })) === 'PROVEN', expected)
    }),
    { numRuns: 2000 },
  )
})

test('time alone never makes a clause better, and a proof ends at the moment it said', () => {
  const rank = (facts: ClauseFacts, now: Date): number =>
    STATUS_WORDS.indexOf(clauseStatus(facts, now)?.word ?? 'UNPROVEN')
  const past = controls.filter(
    ({ check, knownBad }) => !(check !== null && check.at > NOW) && !(knownBad !== null && knownBad.at > NOW),
  )
  fc.assert(
    fc.property(past, fc.nat({ max: 300 * HOUR }), (control, later) => {
      const facts = clause({ controls: [control] })
      assert.ok(rank(facts, secondsAfter(NOW, later)) >= rank(facts, NOW))
      const now = clauseStatus(facts, NOW)
      if (now?.word !== 'PROVEN') return
      assert.ok(now.until !== null && now.until > NOW)
      assert.equal(wordOf(facts, secondsAfter(now.until, -0.001)), 'PROVEN')
      assert.equal(wordOf(facts, now.until), 'STALE')
    }),
    { numRuns: 1000 },
  )
})

test('of two equally bad states the one that lasts longer is named', () => {
  const worst = worstOf(
    status('STALE', 'later', { since: ago(60) }),
    status('STALE', 'earlier', { since: ago(600) }),
  )
  assert.equal(worst.because, 'earlier')
})
