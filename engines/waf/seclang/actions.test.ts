import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect } from '../model.ts'
import { TRANSFORMATIONS } from '../names.ts'
import { ACTIONS, readActions, SEVERITIES } from './actions.ts'
import { effectText } from './print.ts'
import { targetText } from './target.ts'

const place = { file: 'sample.conf', line: 7 }
const effects = (text: string): readonly Effect[] => readActions(text, place).effects

function assertRefused(texts: readonly string[], code: string): void {
  for (const text of texts) assert.throws(() => readActions(text, place), { code, place }, text)
}

test('the actions of the reference manual are known, and no others', () => {
  const manual = `accuracy allow append auditlog block capture chain ctl deny deprecatevar drop exec expirevar id initcol log
    logdata maturity msg multiMatch noauditlog nolog pass pause phase prepend proxy redirect rev sanitiseArg
    sanitiseMatched sanitiseMatchedBytes sanitiseRequestHeader sanitiseResponseHeader setenv setrsc setsid setuid setvar
    severity skip skipAfter status t tag ver xmlns`
  assert.deepEqual(ACTIONS, manual.toLowerCase().split(/\s+/).sort())
})

test('a list of actions has quoted texts with commas, escapes and continuations, and may end in a comma', () => {
  const actions = readActions(
    String.raw`id:'7', phase:2,  msg:'it\'s, a \\ b', tag:a/b , t:none,t:lowercase,deny,`,
    place,
  )
  assert.equal(actions.id, 7)
  assert.equal(actions.phase, 2)
  assert.deepEqual(actions.message, [String.raw`it's, a \ b`])
  assert.deepEqual(actions.tags, [['a/b']])
  assert.deepEqual(actions.transformations, ['lowercase'])
  assert.deepEqual(actions.disruptive, { kind: 'deny' })
})

test('a list of actions that cannot be divided is refused', () => {
  assertRefused(
    ["msg:'a", "msg:'a'b", 'pass deny', 'pass,,deny', ',pass', 'id:1,"pass"', "msg:'a',:b"],
    'syntax',
  )
})

test('an action that is not known is refused, and so are values that do not fit', () => {
  assertRefused(['nothing', 'constructor:1', 'marker:x', 'toString'], 'action-unknown')
  assertRefused(
    [
      'phase:0',
      'phase:6',
      'phase:later',
      'phase:constructor',
      'phase',
      'severity:8',
      'severity:BAD',
      'status:99',
      'status:x',
    ],
    'action-argument',
  )
  assertRefused(
    [
      'deny:1',
      'log:yes',
      'capture:x',
      'skip:0',
      'skip:-1',
      'skipAfter',
      'tag',
      'msg:',
      'allow:all',
      'deny,pass',
      'maturity:x',
    ],
    'action-argument',
  )
  assertRefused(['id:0', 'id:-1', 'id:x', 'id:1.5', 'id:1,id:2', 'id:99999999999999999999'], 'rule-id')
})

test('phases have numbers and words', () => {
  for (const [word, phase] of Object.entries({ 1: 1, 5: 5, request: 2, RESPONSE: 4, logging: 5 })) {
    assert.equal(readActions(`phase:${word}`, place).phase, phase)
  }
})

test('severities have numbers and words', () => {
  SEVERITIES.forEach((word, number) => {
    assert.equal(readActions(`severity:'${word}'`, place).severity, number)
    assert.equal(readActions(`severity:${number}`, place).severity, number)
  })
})

test('every transformation of the manual is read in any case and in British too, and t:none empties the list', () => {
  for (const name of TRANSFORMATIONS) {
    assert.deepEqual(readActions(`t:${name.toUpperCase()}`, place).transformations, [name])
  }
  const british = readActions('t:normalisePath,t:normalisePathWin', place)
  assert.deepEqual(british.transformations, ['normalizePath', 'normalizePathWin'])
  assert.deepEqual(readActions('t:md5,t:none,t:trim', place).transformations, ['trim'])
  assertRefused(['t:nothing', 't:constructor'], 'transformation-unknown')
})

test('nolog leaves out the audit log unless auditlog follows', () => {
  const logs = (text: string) => [readActions(text, place).log, readActions(text, place).auditLog]
  assert.deepEqual(logs('nolog'), [false, false])
  assert.deepEqual(logs('nolog,auditlog'), [false, true])
  assert.deepEqual(logs('log,noauditlog'), [true, false])
})

test('setvar puts, adds, takes away and removes, with macros on both sides', () => {
  const written = [
    ['setvar:tx.a', 'setvar:TX.a=1'],
    ["setvar:'tx.a_%{MATCHED_VAR_NAME}=+%{tx.b}'", "setvar:'TX.a_%{MATCHED_VAR_NAME}=+%{TX.b}'"],
    ["setvar:'tx.a=-5'", "setvar:'TX.a=-5'"],
    ['setvar:!ip.a', "setvar:'!IP.a'"],
    ["setvar:'tx.a= b=c '", "setvar:'TX.a= b=c '"],
    ["setvar:'tx.%{tx.a=b}=c'", "setvar:'TX.%{TX.a=b}=c'"],
    ['setvar:tx.a=', "setvar:'TX.a='"],
  ] as const
  for (const [text, printed] of written) {
    const [effect, ...others] = effects(text)
    assert.ok(effect !== undefined && others.length === 0)
    assert.equal(effectText(effect).replaceAll("'", ''), printed.replaceAll("'", ''))
  }
  assert.deepEqual(effects('setvar:tx.a=+1'), [
    { kind: 'setvar', assignment: { kind: 'add', collection: 'TX', key: ['a'], value: ['1'] } },
  ])
  assertRefused(
    ['setvar:tx', 'setvar:tx.', 'setvar:args.a=1', 'setvar:=1', 'setvar:nothing.a=1'],
    'action-argument',
  )
})

test('stored collections are opened, expire and decay', () => {
  assert.deepEqual(
    effects("initcol:ip=%{REMOTE_ADDR}_x,expirevar:'ip.a=%{tx.b}',deprecatevar:session.score=60/300"),
    [
      { kind: 'initcol', collection: 'IP', key: [{ variable: 'REMOTE_ADDR', key: null }, '_x'] },
      { kind: 'expirevar', collection: 'IP', key: ['a'], seconds: [{ variable: 'TX', key: 'b' }] },
      { kind: 'deprecatevar', collection: 'SESSION', key: ['score'], by: 60, seconds: 300 },
    ],
  )
  assertRefused(
    ['initcol:tx=a', 'initcol:ip', 'initcol:ip=', 'expirevar:ip.a', 'deprecatevar:ip.a=1'],
    'action-argument',
  )
})

test('the other effects are read', () => {
  assert.deepEqual(
    effects('setuid:%{ARGS.user},setsid:a,setrsc:b,setenv:A=b,setenv:!C,setenv:D,exec:/bin/x'),
    [
      { kind: 'setuid', key: [{ variable: 'ARGS', key: 'user' }] },
      { kind: 'setsid', key: ['a'] },
      { kind: 'setrsc', key: ['b'] },
      { kind: 'setenv', name: ['A'], value: ['b'] },
      { kind: 'setenv', name: ['C'], value: null },
      { kind: 'setenv', name: ['D'], value: ['1'] },
      { kind: 'exec', argument: ['/bin/x'] },
    ],
  )
  assert.deepEqual(
    effects('sanitizeArg:password,sanitiseMatched,sanitiseMatchedBytes:1/4,append:a,prepend:b'),
    [
      { kind: 'sanitise', what: 'arg', name: 'password' },
      { kind: 'sanitise', what: 'matched', name: '' },
      { kind: 'sanitise', what: 'matchedBytes', name: '1/4' },
      { kind: 'append', argument: ['a'] },
      { kind: 'prepend', argument: ['b'] },
    ],
  )
})

test('every option of ctl is read', () => {
  const written = `auditEngine=RelevantOnly auditLogParts=+E auditLogParts=-C auditLogParts=ABZ debugLogLevel=3
    forceRequestBodyVariable=On requestBodyAccess=Off requestBodyLimit=10 requestBodyProcessor=XML responseBodyAccess=On
    responseBodyLimit=20 ruleEngine=DetectionOnly hashEngine=Off hashEnforcement=On parseXmlIntoArgs=OnlyArgs
    ruleRemoveById=5 ruleRemoveById=5-9 ruleRemoveByTag=a/.* ruleRemoveByMsg=a ruleRemoveTargetById=1-9;ARGS:x[0]
    ruleRemoveTargetByTag=a;XML://@* ruleRemoveTargetByMsg=a;REQUEST_COOKIES:/^x/`
  for (const control of written.split(/\s+/)) {
    const [effect, ...others] = effects(`ctl:${control}`)
    assert.ok(effect?.kind === 'ctl' && others.length === 0)
    assert.equal(effectText(effect).replaceAll("'", ''), `ctl:${control}`)
  }
  assertRefused(
    [
      'ctl:nothing=1',
      'ctl:ruleEngine',
      'ctl:ruleEngine=Maybe',
      'ctl:requestBodyLimit=-1',
      'ctl:ruleRemoveById=x',
    ],
    'action-argument',
  )
  assertRefused(
    [
      'ctl:ruleRemoveById=9-1',
      'ctl:ruleRemoveTargetById=1',
      'ctl:ruleRemoveTargetById=1;!ARGS:x',
      'ctl:auditLogParts=1',
    ],
    'action-argument',
  )
  assertRefused(['ctl:ruleRemoveTargetById=1;NOTHING:x'], 'variable-unknown')
})

test('lists in one ctl become one effect each', () => {
  const controls = effects("ctl:'ruleRemoveTargetById=1 5-7;ARGS:a|TX:b'").flatMap((effect) =>
    effect.kind === 'ctl' && effect.control.kind === 'ruleRemoveTarget' ? [effect.control] : [],
  )
  assert.deepEqual(
    controls.map(({ rules, target }) => [rules.by === 'id' ? rules.to : 0, targetText(target)]),
    [
      [1, 'ARGS:a'],
      [1, 'TX:b'],
      [7, 'ARGS:a'],
      [7, 'TX:b'],
    ],
  )
})

test('disruptive actions have their arguments', () => {
  const disruptive = (text: string) => readActions(text, place).disruptive
  assert.deepEqual(disruptive('redirect:https://example.com/%{UNIQUE_ID}'), {
    kind: 'redirect',
    location: ['https://example.com/', { variable: 'UNIQUE_ID', key: null }],
  })
  assert.deepEqual(disruptive('allow:phase'), { kind: 'allow', what: 'phase' })
  assert.deepEqual(disruptive('allow'), { kind: 'allow', what: 'everything' })
  assert.deepEqual(disruptive('pause:3000'), { kind: 'pause', milliseconds: 3000 })
  assert.deepEqual(disruptive('proxy:http://example.com'), {
    kind: 'proxy',
    location: ['http://example.com'],
  })
})
