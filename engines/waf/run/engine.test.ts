import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WafError } from '../waf-error.ts'
import { ask, beginning, form, rulesOf } from './run.fixture.ts'

const json = (body: string) => ({ method: 'POST', headers: ['Content-Type', 'application/json'], body })

test('a rule that denies stops a request with its status and says why', () => {
  const set = rulesOf(
    `SecRule ARGS:q "@contains bad" "id:1,phase:2,deny,status:418,msg:'found %{MATCHED_VAR}'"`,
  )
  const { verdict, report } = ask(set, { target: '/?q=so%20bad' })
  assert.deepEqual(verdict, {
    rule: 1,
    phase: 2,
    action: 'deny',
    status: 418,
    location: null,
    message: 'found so bad',
  })
  assert.deepEqual(report.blocked, verdict)
  assert.deepEqual(
    report.matches[0]?.matched.map(({ variable, value, transformations }) => [
      variable,
      value,
      transformations,
    ]),
    [['ARGS:q', 'so bad', []]],
  )
  assert.equal(ask(set, { target: '/?other=bad' }).verdict, null)
})

test('rules that only look block nothing, go on, and say what they would have blocked', () => {
  const set = rulesOf(`
    SecRule ARGS "@streq a" "id:1,phase:1,deny,status:403"
    SecRule ARGS "@streq a" "id:2,phase:2,deny,status:404"`)
  const detecting = set.variant({ mode: 'detect' })
  const { verdict, report, ids } = ask(detecting, { target: '/?x=a' })
  assert.equal(verdict, null)
  assert.equal(report.blocked, null)
  assert.equal(report.wouldBlock?.rule, 1)
  assert.deepEqual(ids, [1, 2])
  assert.deepEqual(ask(set.variant({ mode: 'off' }), { target: '/?x=a' }).ids, [])
})

test('all links of a chain must hold, and each carries out its effects as it matches', () => {
  const set = rulesOf(`
    SecRule ARGS:a "@streq 1" "id:1,phase:2,pass,setvar:tx.first=+1,chain"
      SecRule ARGS:b "@streq 2" "setvar:tx.second=+1"
    SecAction "id:2,phase:2,pass,msg:'%{tx.first}/%{tx.second}'"`)
  assert.equal(ask(set, { target: '/?a=1&b=2' }).report.matches.at(-1)?.message, '1/1')
  assert.equal(ask(set, { target: '/?a=1&b=3' }).report.matches.at(-1)?.message, '1/')
  assert.equal(ask(set, { target: '/?a=1&a=1&b=3' }).report.matches.at(-1)?.message, '2/')
})

test('what a link matched is seen by the next: MATCHED_VARS, their names and captures', () => {
  const set = rulesOf(String.raw`
    SecRule ARGS "@rx ^(\w)(\d)" "id:1,phase:2,deny,capture,chain,logdata:'%{TX.1} %{TX.2} %{MATCHED_VAR_NAME}'"
      SecRule MATCHED_VARS "@endsWith !" "chain"
      SecRule MATCHED_VARS_NAMES "@streq ARGS:y"`)
  assert.equal(ask(set, { target: '/?x=a1&y=b2!' }).report.matches[0]?.data, 'b 2 MATCHED_VARS_NAMES:ARGS:y')
  assert.equal(ask(set, { target: '/?x=a1!&y=zz' }).verdict, null)
})

test('a capture leaves no group of an earlier one behind', () => {
  const set = rulesOf(String.raw`
    SecRule ARGS:a "@rx (.)(.)" "id:1,phase:2,pass,capture"
    SecRule ARGS:b "@rx ." "id:2,phase:2,pass,capture"
    SecAction "id:3,phase:2,pass,msg:'%{TX.0}%{TX.1}%{TX.2}'"`)
  assert.equal(ask(set, { target: '/?a=xy&b=z' }).report.matches.at(-1)?.message, 'z')
})

test('skipAfter and skip leave rules of the same phase out', () => {
  const set = rulesOf(`
    SecAction "id:1,phase:1,pass,skipAfter:END"
    SecAction "id:2,phase:1,pass"
    SecAction "id:3,phase:2,pass,skip:1"
    SecMarker END
    SecAction "id:4,phase:1,pass"
    SecAction "id:5,phase:2,pass"
    SecAction "id:6,phase:2,pass"`)
  assert.deepEqual(ask(set).ids, [1, 4, 3, 6])
})

test('exclusions, counts and selectors by name and pattern choose what is looked at', () => {
  const set = rulesOf(`
    SecRule ARGS|!ARGS:safe|!ARGS:/^ok_/ "@streq x" "id:1,phase:2,pass"
    SecRule &ARGS:a "@eq 2" "id:2,phase:2,pass"
    SecRule REQUEST_HEADERS:/^x-/ "@streq y" "id:3,phase:2,pass"
    SecRule &REQUEST_HEADERS:Absent "@eq 0" "id:4,phase:2,pass"`)
  const headers = ['X-Some', 'y']
  assert.deepEqual(ask(set, { target: '/?SAFE=x&ok_1=x&a=1&a=2', headers }).ids, [2, 3, 4])
  assert.deepEqual(ask(set, { target: '/?other=x' }).ids, [1, 4])
})

test('setvar counts, takes away and unsets, and names may hold macros', () => {
  const set = rulesOf(`
    SecAction "id:1,phase:1,pass,setvar:tx.n=5,setvar:tx.n=+%{tx.n},setvar:tx.n=-3,setvar:tx.of_%{REQUEST_METHOD}=1"
    SecRule TX:N "@eq 7" "id:2,phase:1,pass"
    SecRule &TX:/^of_/ "@eq 1" "id:3,phase:1,pass,setvar:!tx.n"
    SecRule &TX:n "@eq 0" "id:4,phase:1,pass"`)
  assert.deepEqual(ask(set).ids, [1, 2, 3, 4])
})

test('multiMatch tries every stage of the transformations', () => {
  const rule = (more: string) =>
    rulesOf(`SecRule ARGS "@streq A%20B" "id:1,phase:2,pass,t:none,t:lowercase,t:urlDecodeUni${more}"`)
  assert.deepEqual(ask(rule(',multiMatch'), { target: '/?x=A%2520B' }).ids, [1])
  assert.deepEqual(ask(rule(''), { target: '/?x=A%2520B' }).ids, [])
})

test('ctl removes rules and targets for the rest of this transaction only', () => {
  const set = rulesOf(`
    SecRule ARGS:off "@eq 1" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=10-12,ctl:ruleRemoveTargetByTag=attack;ARGS:a"
    SecRule ARGS "@streq x" "id:11,phase:2,pass"
    SecRule ARGS "@streq x" "id:20,phase:2,pass,tag:'attack-x'"
    SecRule ARGS "@streq x" "id:21,phase:2,pass,msg:'some words'"`)
  assert.deepEqual(ask(set, { target: '/?off=1&a=x' }).ids, [21])
  assert.deepEqual(ask(set, { target: '/?off=1&b=x' }).ids, [20, 21])
  assert.deepEqual(ask(set, { target: '/?off=0&a=x' }).ids, [11, 20, 21])
})

test('allow ends the phase, the request, or everything but logging', () => {
  const set = (what: string) =>
    rulesOf(`
      SecAction "id:1,phase:1,${what}"
      SecAction "id:2,phase:1,pass"
      SecAction "id:3,phase:2,pass"
      SecAction "id:4,phase:3,pass"
      SecAction "id:5,phase:5,pass"`)
  assert.deepEqual(ask(set('allow:phase')).ids, [1, 3, 4, 5])
  assert.deepEqual(ask(set('allow:request')).ids, [1, 4, 5])
  assert.deepEqual(ask(set('allow')).ids, [1, 5])
})

test('bodies are read by their type, and a processor that a rule names', () => {
  const set = rulesOf(`
    SecRule REQUEST_HEADERS:Force "@streq json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
    SecRule ARGS_POST:json.a "@streq x" "id:2,phase:2,deny"
    SecRule XML:/* "@contains deep" "id:3,phase:2,deny"
    SecRule ARGS_POST:f "@streq y" "id:4,phase:2,deny"`)
  assert.equal(ask(set, json('{"a":"x"}')).verdict?.rule, 2)
  const forced = {
    method: 'POST',
    headers: ['Force', 'json', 'Content-Type', 'text/plain'],
    body: '{"a":"x"}',
  }
  assert.equal(ask(set, forced).verdict?.rule, 2)
  const xml = { method: 'POST', headers: ['Content-Type', 'text/xml'], body: '<a><b>deep</b></a>' }
  assert.equal(ask(set, xml).verdict?.rule, 3)
  assert.equal(ask(set, form('f=y')).verdict?.rule, 4)
})

test('a body that cannot be read is refused where no rule judges it, and shown raw to rules', () => {
  const blind = rulesOf(`SecRule REQUEST_BODY "@contains sneaky" "id:1,phase:2,pass"`)
  const { verdict, ids } = ask(blind, json('{"a":"sneaky"'))
  assert.deepEqual([verdict?.rule, verdict?.status], [0, 400])
  assert.deepEqual(ids, [1])
  const judging = rulesOf(`SecRule REQBODY_ERROR "!@eq 0" "id:2,phase:2,deny,status:422"`)
  assert.equal(ask(judging, json('{"a"')).verdict?.status, 422)
})

test('a body over its limit is refused at once and never truncated into a pass', () => {
  for (const action of ['Reject', 'ProcessPartial']) {
    const set = rulesOf(`
      SecRequestBodyLimit 10
      SecRequestBodyLimitAction ${action}`)
    assert.equal(ask(set, form('a=1234567')).verdict, null)
    assert.equal(ask(set, form('a=123456789')).verdict?.status, 413)
    assert.equal(ask(set.variant({ mode: 'detect' }), form('a=123456789')).report.wouldBlock?.status, 413)
  }
})

test('what is no file has a limit of its own, in forms of every kind, unless its sender signed it', () => {
  const set = rulesOf('SecRequestBodyNoFilesLimit 200')
  const text = 'x'.repeat(250)
  const headers = ['Content-Type', 'multipart/form-data; boundary=b']
  const part = (name: string) =>
    `--b\r\nContent-Disposition: form-data; name="f"${name}\r\n\r\n${text}\r\n--b--\r\n`
  const posted = { method: 'POST', headers }
  for (const asked of [form(`a=${text}`), json(JSON.stringify({ a: text })), { ...posted, body: part('') }]) {
    assert.equal(ask(set, asked).verdict?.status, 413)
    assert.equal(ask(set, { ...asked, signed: true }).verdict, null)
    assert.equal(ask(set.variant({ mode: 'detect' }), asked).report.wouldBlock?.status, 413)
  }
  assert.equal(ask(set, { ...posted, body: part('; filename="f"') }).verdict, null)
  const raw = { method: 'POST', headers: ['Content-Type', 'application/octet-stream'], body: text }
  assert.equal(ask(set, raw).verdict, null)
  const forced = rulesOf(`
    SecRequestBodyNoFilesLimit 200
    SecAction "id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"`)
  assert.equal(ask(forced, raw).verdict?.status, 413)
})

test('a response is looked at in its types only, and its body up to its limit', () => {
  const set = rulesOf(`
    SecResponseBodyLimit 8
    SecRule RESPONSE_BODY "@contains leak" "id:1,phase:4,deny,status:502"
    SecRule RESPONSE_STATUS "@eq 500" "id:2,phase:3,deny,status:503"`)
  assert.equal(ask(set, { response: { body: 'a leak!!' } }).verdict?.status, 502)
  assert.equal(ask(set, { response: { body: 'far away leak' } }).verdict, null)
  assert.equal(ask(set, { response: { body: 'leak', headers: ['Content-Type', 'image/png'] } }).verdict, null)
  assert.equal(ask(set, { response: { status: 500 } }).verdict?.status, 503)
})

test('a signed body is seen by rules of the protocol and not by those of attacks; query and headers by all', () => {
  const set = rulesOf(`
    SecRule ARGS "@contains or 1=1" "id:1,phase:2,pass,tag:'attack-sqli'"
    SecRule ARGS "@contains or 1=1" "id:2,phase:2,pass,tag:'attack-protocol'"
    SecRule REQUEST_BODY "@contains or" "id:3,phase:2,pass,tag:'attack-rce'"`)
  const asked = form("note=' or 1=1")
  assert.deepEqual(ask(set, asked).ids, [1, 2, 3])
  assert.deepEqual(ask(set, { ...asked, signed: true }).ids, [2])
  assert.deepEqual(ask(set, { ...asked, signed: true, target: '/?q=or%201=1' }).ids, [1, 2])
})

test('calls out of order are refused', () => {
  const transaction = rulesOf('').begin(beginning())
  assert.throws(() => transaction.bodyEnd(), WafError)
  transaction.end()
  assert.throws(() => transaction.end(), { code: 'order' })
})

test('a value that rules ask to hide is in no report', () => {
  const set = rulesOf(
    `SecRule ARGS:password "@rx ." "id:1,phase:2,deny,sanitiseArg:password,logdata:'%{MATCHED_VAR}'"`,
  )
  assert.ok(!JSON.stringify(ask(set, { target: '/?password=secret99' }).report).includes('secret99'))
})

test('a redirect says where to, macros expanded', () => {
  const set = rulesOf(`SecAction "id:1,phase:1,redirect:https://example.org/%{REQUEST_METHOD},status:307"`)
  const { verdict } = ask(set)
  assert.deepEqual(
    [verdict?.action, verdict?.status, verdict?.location],
    ['redirect', 307, 'https://example.org/GET'],
  )
})

test('what cannot be obeyed whole is refused when it is loaded, with its place', () => {
  const refused = (text: string): void =>
    assert.throws(
      () => rulesOf(text),
      (error) => error instanceof WafError && error.code === 'directive-refused' && error.place !== undefined,
      text,
    )
  refused(`SecRule ARGS "@streq a" "id:1,phase:2,pause:1000"`)
  refused(`SecRule ARGS "@streq a" "id:1,phase:2,proxy:http://192.0.2.1/"`)
  refused(`SecRule STREAM_INPUT_BODY "@rsub s/a/b/" "id:1,phase:2,pass"`)
})

test('patches hold rules and nothing that concerns the whole set', () => {
  const set = rulesOf(`SecRule ARGS "@streq a" "id:1,phase:2,deny"`)
  for (const text of [
    'SecRuleEngine Off',
    'SecRuleRemoveById 1',
    'SecRequestBodyLimit 1',
    'SecRuleUpdateTargetById 1 !ARGS:x',
  ])
    assert.throws(
      () => set.variant({ patches: `SecAction "id:2,phase:1,pass"\n${text}` }),
      (error) => error instanceof WafError && error.code === 'directive-refused' && error.place?.line === 2,
      text,
    )
})

test('the place of an address fills GEO for the rules behind it', () => {
  const geo = (address: string) => (address === '192.0.2.1' ? { COUNTRY_CODE: 'ZZ' } : null)
  const set = rulesOf(
    `
    SecRule REMOTE_ADDR "@geoLookup" "id:1,phase:1,pass,nolog"
    SecRule GEO:COUNTRY_CODE "@streq ZZ" "id:2,phase:1,deny"`,
    { readFile: () => null, geo },
  )
  assert.equal(ask(set).verdict?.rule, 2)
  assert.equal(ask(set, { address: '192.0.2.9' }).verdict, null)
})
