import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Marker } from '../model.ts'
import { assertRefused, programOf, ruleOf, rulesOf } from './sample.fixture.ts'
import { targetText } from './target.ts'

const targets = (text: string): string[][] =>
  rulesOf(text).map((rule) => rule.conditions[0].targets.map(targetText))

test('a rule has what it says, and otherwise what ModSecurity assumes', () => {
  const rule = ruleOf('SecRule ARGS "@rx a" "id:1"')
  assert.deepEqual(rule, {
    kind: 'rule',
    id: 1,
    place: { file: 'sample.conf', line: 1 },
    phase: 2,
    conditions: [
      {
        place: { file: 'sample.conf', line: 1 },
        targets: [{ variable: 'ARGS', selector: null, count: false, except: false }],
        operator: { name: 'rx', negated: false, argument: ['a'] },
        transformations: [],
        multiMatch: false,
        capture: false,
        effects: [],
        message: null,
        logData: null,
      },
    ],
    disruption: { kind: 'pass' },
    blocks: false,
    skip: 0,
    skipAfter: null,
    log: true,
    auditLog: true,
    severity: null,
    tags: [],
    version: null,
    revision: null,
    maturity: null,
    accuracy: null,
  })
})

test('directives are read in any case, and names of rules are needed once', () => {
  assert.equal(programOf('secaction id:1,pass').rulesLoaded, 1)
  assertRefused('SecRule ARGS a', 'rule-id')
  assertRefused('SecAction pass', 'rule-id')
  assertRefused('SecAction id:1\nSecAction id:1', 'rule-id', 2)
  assertRefused('SecAction', 'syntax')
  assertRefused('SecRule ARGS', 'syntax')
  assertRefused('SecRule ARGS a id:1 more', 'syntax')
})

test('a directive that is not known is refused with file and line', () => {
  assertRefused('\nSecNothing On', 'directive-unknown', 2)
  assertRefused('<IfModule x>', 'directive-unknown')
  assertRefused('constructor', 'directive-unknown')
  assertRefused('SecRuleScript /x.lua', 'directive-refused')
  assertRefused('SecRemoteRules key https://example.com', 'directive-refused')
})

test('defaults of a phase come before what a rule says, until t:none', () => {
  const [first, second, third] = rulesOf(`
    SecDefaultAction "phase:1,nolog,deny,status:418,t:lowercase,setvar:tx.a=1"
    SecRule ARGS a "id:1,phase:1,t:trim,setvar:tx.b=1"
    SecRule ARGS a "id:2,phase:1,t:none,t:trim,pass,log"
    SecRule ARGS a "id:3,phase:2,t:trim"`)
  assert.deepEqual(first?.conditions[0].transformations, ['lowercase', 'trim'])
  assert.equal(first.conditions[0].effects.length, 2)
  assert.deepEqual(first.disruption, { kind: 'deny', status: 418 })
  assert.equal(first.log, false)
  assert.deepEqual(second?.conditions[0].transformations, ['trim'])
  assert.deepEqual(second.disruption, { kind: 'pass' })
  assert.equal(second.log, true)
  assert.deepEqual(third?.conditions[0].transformations, ['trim'])
  assert.deepEqual(third.disruption, { kind: 'pass' })
})

test('block is what the defaults of its phase say', () => {
  const text = 'SecAction "id:1,phase:2,block"'
  assert.deepEqual(ruleOf(text).disruption, { kind: 'pass' })
  assert.equal(ruleOf(text).blocks, true)
  assert.deepEqual(ruleOf(`SecDefaultAction "phase:2,deny"\n${text}`).disruption, {
    kind: 'deny',
    status: 403,
  })
  assert.deepEqual(ruleOf(`SecDefaultAction "phase:1,deny"\n${text}`).disruption, { kind: 'pass' })
  const redirect = ruleOf(`SecDefaultAction "phase:2,redirect:/x,status:303"\n${text}`)
  assert.deepEqual(redirect.disruption, { kind: 'redirect', location: ['/x'], status: 303 })
})

test('tags of the defaults come before those of each rule', () => {
  const rule = ruleOf(
    `SecDefaultAction "phase:2,pass,tag:'Host: %{request_headers.host}'"\nSecAction "id:1,tag:own"`,
  )
  const [host, own] = rule.tags
  assert.deepEqual(host, ['Host: ', { variable: 'REQUEST_HEADERS', key: 'host' }])
  assert.deepEqual(own, ['own'])
})

test('defaults decide, and hold nothing that belongs to a rule', () => {
  for (const actions of ['log', 'block', 'pass,id:1', 'pass,chain', "pass,msg:'x'", 'pass,skip:1']) {
    assertRefused(`SecDefaultAction "phase:1,${actions}"`, 'action-argument')
  }
})

test('a chain is one rule whose links are all counted', () => {
  const program = programOf(`SecRule ARGS a "id:1,phase:1,deny,chain"
    SecRule TX:1 b "capture,t:lowercase,chain"
    SecRule TX:2 c "setvar:tx.a=1,logdata:'%{MATCHED_VAR}'"
    SecAction id:2`)
  const [rule] = program.items
  assert.ok(rule?.kind === 'rule')
  assert.equal(program.rulesLoaded, 4)
  assert.deepEqual(
    rule.conditions.map(({ place, capture, transformations }) => [place.line, capture, transformations]),
    [
      [1, false, []],
      [2, true, ['lowercase']],
      [3, false, []],
    ],
  )
})

test('a chain without its end is refused', () => {
  assertRefused('SecRule ARGS a "id:1,chain"', 'chain-open')
  assertRefused('SecRule ARGS a "id:1,chain"\nSecMarker A', 'chain-open')
  assertRefused('SecRule ARGS a "id:1,chain"\nSecRuleEngine On\nSecRule ARGS b', 'chain-open')
})

test('only the first rule of a chain has a number, decides, skips and has a phase', () => {
  const head = 'SecRule ARGS a "id:1,phase:1,chain"'
  assertRefused(`${head}\nSecRule ARGS b id:2`, 'rule-id', 2)
  for (const action of ['deny', 'block', 'skip:1', 'skipAfter:A', 'phase:2']) {
    assertRefused(`${head}\nSecRule ARGS b ${action}`, 'action-argument', 2)
  }
})

test('a jump leads forward to a marker or behind a rule', () => {
  const program = programOf(
    'SecAction id:1,skipAfter:END\nSecAction id:2,skipAfter:3\nSecAction id:3\nSecMarker END',
  )
  assert.deepEqual(
    program.items.map((item) => (item.kind === 'rule' ? item.id : item.name)),
    [1, 2, 3, '3', 'END'],
  )
  assertRefused('SecAction id:1,skipAfter:END', 'marker-missing')
  assertRefused('SecMarker END\nSecAction id:1,skipAfter:END', 'marker-missing', 2)
  assertRefused('SecAction id:1,skipAfter:1', 'marker-missing')
  const marker: Marker = { kind: 'marker', name: 'A B', place: { file: 'sample.conf', line: 1 } }
  assert.deepEqual(programOf('SecMarker "A B"').items, [marker])
})

test('targets are added, left out and replaced by number, range, tag and message', () => {
  const rules = `SecRule ARGS|TX:a a "id:5,tag:'x/one'"\nSecRule ARGS a "id:6,msg:'Two of them'"\nSecRule ARGS a id:9\n`
  const after = (text: string) => targets(rules + text)
  assert.deepEqual(after('SecRuleUpdateTargetById 5-6 "!ARGS:q,FILES"'), [
    ['ARGS', 'TX:a', '!ARGS:q', 'FILES'],
    ['ARGS', '!ARGS:q', 'FILES'],
    ['ARGS'],
  ])
  assert.deepEqual(after('SecRuleUpdateTargetById 5 REQUEST_URI|FILES tx:A'), [
    ['ARGS', 'REQUEST_URI', 'FILES'],
    ['ARGS'],
    ['ARGS'],
  ])
  assert.deepEqual(after('SecRuleUpdateTargetByTag ^x/ !ARGS:/^p/')[0], ['ARGS', 'TX:a', '!ARGS:/^p/'])
  assert.deepEqual(after('SecRuleUpdateTargetByMsg "Two of" !ARGS:p')[1], ['ARGS', '!ARGS:p'])
  assertRefused('SecRuleUpdateTargetById x ARGS', 'syntax')
  assertRefused('SecRuleUpdateTargetByTag ( ARGS', 'pattern-malformed')
  assertRefused('SecAction id:1\nSecRuleUpdateTargetById 1 ARGS', 'action-argument', 2)
})

test('actions are changed by number, and of a link in a chain', () => {
  const rules = 'SecRule ARGS a "id:1,deny,tag:a,chain"\nSecRule ARGS b t:lowercase\n'
  const rule = ruleOf(
    `${rules}SecRuleUpdateActionById 1 "pass,tag:b,severity:1"\nSecRuleUpdateActionById 1:1 t:none`,
  )
  assert.deepEqual(rule.disruption, { kind: 'pass' })
  assert.deepEqual(rule.tags, [['a'], ['b']])
  assert.equal(rule.severity, 1)
  assert.deepEqual(rule.conditions[1]?.transformations, [])
  for (const change of ['1 id:2', '1 phase:1', '1 chain', '1:1 deny', '1:2 t:none']) {
    assertRefused(`${rules}SecRuleUpdateActionById ${change}`, 'action-argument', 3)
  }
})

test('rules are removed by numbers, ranges, tags and messages, before or after their place', () => {
  const rules = `SecAction id:1,tag:a\nSecAction "id:2,msg:'b c'"\nSecAction id:3\nSecRule ARGS a id:4,chain\nSecRule ARGS b\n`
  const left = (text: string) => {
    const program = programOf(text)
    return [...program.items.map((item) => (item.kind === 'rule' ? item.id : 0)), program.rulesLoaded]
  }
  assert.deepEqual(left(`${rules}SecRuleRemoveById 1 3-4`), [2, 1])
  assert.deepEqual(left(`${rules}SecRuleRemoveById "1,3"`), [2, 4, 3])
  assert.deepEqual(left(`${rules}SecRuleRemoveByTag ^a$`), [2, 3, 4, 4])
  assert.deepEqual(left(`SecRuleRemoveByMsg "b c"\n${rules}`), [1, 3, 4, 4])
  assertRefused('SecRuleRemoveById 3-1', 'syntax')
  assertRefused('SecRuleRemoveById', 'syntax')
})

test('prefixes of paths come with the rule that declares them', () => {
  const rule = ruleOf('SecRule XML:/a:b|ARGS c "id:1,xmlns:a=http://example.com/a"')
  assert.deepEqual(rule.conditions[0].targets[0]?.selector, {
    kind: 'xpath',
    path: '/a:b',
    namespaces: { a: 'http://example.com/a' },
  })
})
