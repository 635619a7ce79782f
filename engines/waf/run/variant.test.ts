import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, coreRules, rulesOf } from './run.fixture.ts'

const set = rulesOf(`
  SecRule &TX:level "@eq 0" "id:1,phase:1,pass,nolog,setvar:tx.level=1"
  SecRule TX:level "@lt 2" "id:2,phase:2,pass,nolog,skipAfter:END"
  SecRule ARGS "@contains strict" "id:10,phase:2,deny"
  SecMarker END
  SecRule ARGS "@contains bad" "id:11,phase:2,deny,tag:'kind-a'"
  SecRule ARGS "@contains worse" "id:12,phase:2,deny,tag:'kind-b'"`)

test('a variant begins with its own values, and leaves the set as it was', () => {
  const strict = set.variant({ variables: { LEVEL: '2' } })
  assert.equal(ask(strict, { target: '/?q=strict' }).verdict?.rule, 10)
  assert.equal(ask(set, { target: '/?q=strict' }).verdict, null)
})

test('exclusions leave out rules by number or tag, or only some of their targets', () => {
  const whole = set.variant({
    exclusions: [{ rules: [{ from: 11, to: 11 }], tags: ['kind-b'], targets: [] }],
  })
  assert.equal(ask(whole, { target: '/?q=bad&r=worse' }).verdict, null)
  const some = set.variant({
    exclusions: [{ rules: [], tags: ['kind-a'], targets: ['ARGS:note', 'ARGS:/^free_/'] }],
  })
  assert.equal(ask(some, { target: '/?Note=bad&free_1=bad' }).verdict, null)
  assert.equal(ask(some, { target: '/?q=bad' }).verdict?.rule, 11)
  assert.throws(() => set.variant({ exclusions: [{ rules: [], tags: [], targets: ['ARGS:a'] }] }))
})

test('exclusions of a variant of a variant add up', () => {
  const first = set.variant({ exclusions: [{ rules: [{ from: 11, to: 11 }], tags: [], targets: [] }] })
  const second = first.variant({ mode: 'detect', exclusions: [{ rules: [], tags: ['kind-b'], targets: [] }] })
  assert.equal(ask(second, { target: '/?q=bad&r=worse' }).report.wouldBlock, null)
})

test('patches run before the rules of the set, may steer them, and take no number of theirs', () => {
  const patched = set.variant({
    patches: `
      SecRule REQUEST_FILENAME "@streq /old" "id:900,phase:1,deny,status:410"
      SecRule ARGS:q "@streq bad" "id:901,phase:1,pass,nolog,ctl:ruleRemoveById=11"
      SecRule ARGS "@contains new" "id:902,phase:2,deny"`,
  })
  assert.equal(ask(patched, { target: '/old' }).verdict?.status, 410)
  assert.equal(ask(patched, { target: '/?q=bad' }).verdict, null)
  assert.equal(ask(patched, { target: '/?q=bad!' }).verdict?.rule, 11)
  assert.equal(ask(patched, { target: '/?q=new' }).verdict?.rule, 902)
  assert.equal(patched.rulesLoaded, set.rulesLoaded + 3)
  assert.throws(() => set.variant({ patches: 'SecAction "id:11,pass"' }), { code: 'rule-id' })
})

test('a hundred variants of the Core Rule Set share everything compiled: at most 1 MB each', (t) => {
  const rules = coreRules('')
  if (rules === null) {
    t.skip('SURETY_PUBLIC_DATA names no folder with the Core Rule Set')
    return
  }
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external
  const before = used()
  const variants = Array.from({ length: 100 }, (_, index) =>
    rules.variant({
      variables: { blocking_paranoia_level: '2' },
      exclusions: [{ rules: [{ from: 942_000 + index, to: 942_999 }], tags: [], targets: ['ARGS:q'] }],
      patches: `SecRule ARGS:v${index} "@rx ^bad" "id:10,phase:2,deny"`,
    }),
  )
  for (const variant of variants) ask(variant, { target: '/?q=plain' })
  const each = (used() - before) / variants.length
  assert.ok(each < 1_000_000, `${Math.round(each)} bytes each`)
})

test('a rule is described in words, an unknown one is not', () => {
  const described = set.describe(11)
  assert.deepEqual(
    [described?.id, described?.phase, described?.targets, described?.tags],
    [11, 2, ['ARGS'], ['kind-a']],
  )
  assert.equal(set.describe(99), null)
})
