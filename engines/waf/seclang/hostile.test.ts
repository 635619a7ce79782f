import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WafError } from '../waf-error.ts'
import { programOf } from './sample.fixture.ts'

const MEGABYTE = 1 << 20

function readOrRefuse(text: string): void {
  try {
    programOf(text)
  } catch (error) {
    assert.ok(error instanceof WafError, String(error))
    assert.ok(error.place !== undefined, error.message)
    assert.ok(error.message.length < 500)
  }
}

test('lines of a megabyte are read or refused in time that grows with their length alone', () => {
  const rule = (targets: string, operator: string, actions: string) =>
    `SecRule ${targets} "${operator}" "${actions}"`
  const long = (unit: string) => unit.repeat(MEGABYTE / unit.length)
  const hostile = [
    long(' ') + 'x',
    long('a'),
    long('#'),
    long('\\\n'),
    `# ${long('\\\n ')}`,
    `SecMarker "${long('\\"')}`,
    `SecMarker ${long(":'")}`,
    `SecMarker "${long('a')}"`,
    rule('ARGS', `${long(' ')}x`, 'id:1'),
    rule('ARGS', `@rx${long(' ')}x`, 'id:1'),
    rule('ARGS', `!${long(' ')}x`, 'id:1'),
    rule('ARGS', `@streq ${long('%{tx.')}`, 'id:1'),
    rule('ARGS', `@streq ${long('%{a')}`, 'id:1'),
    rule('ARGS', `@streq ${long('%{tx.a}')}`, 'id:1'),
    rule(`"${long(' ')}!"`, 'a', 'id:1'),
    rule(`ARGS:/${long('/')}`, 'a', 'id:1'),
    rule(`"ARGS:/${long('/ ')}"`, 'a', 'id:1'),
    rule(`ARGS:a${long(',')}`, 'a', 'id:1'),
    rule(`ARGS:a${long(',!')}`, 'a', 'id:1'),
    rule(`"ARGS:'${long("\\'")}"`, 'a', 'id:1'),
    rule(long('ARGS|'), 'a', 'id:1'),
    rule('ARGS', 'a', `id:1,${long('t:none,')}`),
    rule('ARGS', 'a', `id:1,${long('tag:a,')}`),
    rule('ARGS', 'a', `id:1,${long(' ')}`),
    rule('ARGS', 'a', `id:1,msg:'${long("\\'")}`),
    rule('ARGS', 'a', `id:1,xmlns:${long('a')}`),
    rule('ARGS', 'a', `id:1,setvar:'tx.${long('%{')}'`),
    rule('ARGS', 'a', `id:1,ctl:'ruleRemoveById=${long('1 ')}'`),
    `SecRuleRemoveById ${long('1,')}`,
  ]
  for (const text of hostile) {
    const begun = process.cpuUsage()
    readOrRefuse(text)
    const { user, system } = process.cpuUsage(begun)
    // A quadratic reader needs minutes for any of these.
    assert.ok(user + system < 5_000_000, `${text.slice(0, 40)} took ${user + system} microseconds`)
  }
})

test('any text made of the pieces of SecLang is read or refused with its place', () => {
  const piece = fc.constantFrom(
    ...`SecRule SecAction SecMarker SecDefaultAction SecRuleRemoveById SecRuleUpdateTargetById Include ARGS TX:a &ARGS
    !ARGS:/a/ XML:/* | , " ' \\ \\\n \n @rx @pm !@eq %{tx.a} %{ id:1 id:2 phase:1 chain pass block deny t:none t:lowercase
    setvar:tx.a=1 ctl:ruleRemoveById=1 skipAfter:A A 1 1-2 : ; = \0 # é msg:'a' __proto__ constructor`.split(
      / +|\n +/,
    ),
    ' ',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => readOrRefuse(pieces.join(''))),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => readOrRefuse(pieces.join(' '))),
    { numRuns: 2000 },
  )
})

test('no directive reaches what every object has', () => {
  for (const word of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    for (const text of [
      word,
      `SecRule ${word} a id:1`,
      `SecRule ARGS @${word} id:1`,
      `SecRule ARGS a id:1,${word}`,
      `SecRule ARGS a id:1,t:${word}`,
      `SecRule ARGS a id:1,ctl:${word}=1`,
      `SecRule ARGS a id:1,phase:${word}`,
      `SecRule ARGS a id:1,setvar:${word}.a=1`,
      `SecAction id:1,skipAfter:${word}`,
    ]) {
      assert.throws(() => programOf(text), WafError, text)
    }
  }
})
