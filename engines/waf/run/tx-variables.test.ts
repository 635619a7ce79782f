import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ask, rulesOf } from './run.fixture.ts'
import { createTxNames, TxVariables } from './tx-variables.ts'

const name = fc.constantFrom('0', '3', 'score', 'level', 'header_a', 'header_b', 'header_c')
const step = fc.record({ name, text: fc.option(fc.constantFrom('', '0', '5', 'text')) })

suite('TX', () => {
  test('holds what was put there, under a name or at its place, in the order in which names came', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const names = createTxNames()
        const known = new Map(['score', 'level'].map((one) => [one, names.placeOf(one)]))
        const tx = new TxVariables(names, [['level', '1']])
        const expected = new Map([['level', '1']])
        for (const [index, { name: one, text }] of steps.entries()) {
          const place = index % 2 === 0 ? known.get(one) : undefined
          if (text === null) {
            expected.delete(one)
            if (place === undefined) tx.delete(one)
            else tx.drop(place)
          } else {
            expected.set(one, text)
            if (place === undefined) tx.set(one, text)
            else tx.put(place, text)
          }
        }
        const seen: [string, string][] = []
        tx.each((one, text) => seen.push([one, text]))
        assert.deepEqual(seen, [...expected])
        for (const [one, place] of known) assert.equal(tx.at(place), expected.get(one))
        assert.equal(tx.get('header_a'), expected.get('header_a'))
      }),
    )
  })

  test('the names of a variant stand behind those of its set', () => {
    const names = createTxNames()
    const place = names.placeOf('score')
    const more = createTxNames(names)
    assert.equal(more.placeOf('score'), place)
    assert.equal(more.placeOf('own'), place + 1)
    assert.equal(names.names.includes('own'), false)
  })
})

/** For each way of writing a comparison whether it holds, of a value that may be missing. */
function holding(value: string | null, argument: string): readonly string[] {
  const operators = ['eq', 'ge', 'gt', 'le', 'lt'].flatMap((one) => [one, `!@${one}`])
  const written = operators.map((one, index) => {
    const operator = one.startsWith('!') ? one : `@${one}`
    return `SecRule TX:n "${operator} ${argument}" "id:${index + 1},phase:1,pass,nolog,setvar:tx.held_${index}=1"`
  })
  const tells = operators.map(
    (_, index) => `SecRule TX:held_${index} "@streq 1" "id:${index + 101},phase:1,pass,log"`,
  )
  const set = value === null ? '' : `SecAction "id:100,phase:1,pass,nolog,setvar:tx.n=${value}"`
  const { ids } = ask(rulesOf([set, ...written, ...tells].join('\n')))
  return ids.map((id) => operators[id - 101] ?? '')
}

suite('rules that compare a number of TX', () => {
  test('hold as the number stands to the argument, and never where there is none', () => {
    assert.deepEqual(holding('3', '5'), ['!@eq', '!@ge', '!@gt', 'le', 'lt'])
    assert.deepEqual(holding('5', '5'), ['eq', 'ge', '!@gt', 'le', '!@lt'])
    assert.deepEqual(holding('12', '5'), ['!@eq', 'ge', 'gt', '!@le', '!@lt'])
    assert.deepEqual(holding('word', '0'), ['eq', 'ge', '!@gt', 'le', '!@lt'])
    assert.deepEqual(holding('99999999999', '99999999999'), ['eq', 'ge', '!@gt', 'le', '!@lt'])
    assert.deepEqual(holding(null, '5'), [])
    assert.deepEqual(holding('-1', '-1'), ['eq', 'ge', '!@gt', 'le', '!@lt'])
  })

  const rules = `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=2"
SecRule ARGS:q "@rx ." "id:2,phase:1,pass,nolog"
SecRule TX:level "@lt 3" "id:3,phase:1,pass,nolog,skipAfter:END"
SecAction "id:4,phase:1,pass,log,msg:'not skipped'"
SecMarker END
SecAction "id:5,phase:1,pass,log,msg:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
SecRule &TX:none "@eq 0" "id:6,phase:1,pass,nolog,skip:1"
SecAction "id:7,phase:1,pass,log"
SecRule MATCHED_VARS "@rx ." "id:8,phase:1,pass,log"
SecAction "id:9,phase:1,pass,log,msg:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"`

  test('skip, and are what was matched last', () => {
    const { ids, report } = ask(rulesOf(rules), { target: '/?q=1' })
    assert.deepEqual(ids, [5, 9])
    assert.deepEqual(
      report.matches.map(({ message }) => message),
      ['TX:level=2', '&TX:none=0'],
    )
  })

  test('skip nothing where an exclusion hides their variable, from the beginning or from a rule on', () => {
    const hidden = rulesOf(rules).variant({
      exclusions: [{ rules: [{ from: 3, to: 3 }], tags: [], targets: ['TX:level'] }],
    })
    assert.deepEqual(ask(hidden, { target: '/?q=1' }).ids, [4, 5, 9])
    const control = `SecAction "id:20,phase:1,pass,nolog,ctl:ruleRemoveTargetById=3;TX:level"`
    assert.deepEqual(ask(rulesOf(control + rules), { target: '/?q=1' }).ids, [4, 5, 9])
  })

  test('see what rules, captures and variants make of their variable', () => {
    const set = rulesOf(`
SecRule ARGS:q "@rx ^(\\d)" "id:1,phase:1,pass,nolog,capture"
SecRule TX:1 "@ge 5" "id:2,phase:1,pass,log"
SecRule ARGS:name "@rx ." "id:3,phase:1,pass,nolog,setvar:tx.%{MATCHED_VAR}=7"
SecRule TX:level "@eq 7" "id:4,phase:1,pass,log,setvar:!tx.level"
SecRule &TX:level "@eq 1" "id:5,phase:1,pass,log"`)
    assert.deepEqual(ask(set, { target: '/?q=6&name=LEVEL' }).ids, [2, 4])
    assert.deepEqual(ask(set.variant({ variables: { level: '1' } }), { target: '/?q=1' }).ids, [5])
  })
})
