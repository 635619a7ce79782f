import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Report, RuleSet } from '../api.ts'
import { beginning, rulesOf } from './run.fixture.ts'

interface Asked {
  readonly query: string
  readonly agent: string
  readonly body: string
  readonly signed: boolean
}

const RULES = String.raw`
  SecRequestBodyAccess On
  SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=2"
  SecRule TX:level "@lt 1" "id:2,phase:1,pass,nolog,skipAfter:END"
  SecRule ARGS|REQUEST_HEADERS|ARGS_NAMES "@rx (?i)(union)\s+(select)" "id:3,phase:2,pass,t:urlDecodeUni,t:compressWhitespace,capture,setvar:tx.score=+5,msg:'%{MATCHED_VAR_NAME} %{TX.1}',tag:attack-sqli"
  SecRule ARGS "@contains <script" "id:4,phase:2,pass,multiMatch,t:htmlEntityDecode,t:lowercase,setvar:tx.score=+3,chain,tag:attack-xss"
    SecRule MATCHED_VARS "@contains >"
  SecRule REQUEST_HEADERS:User-Agent "@streq quiet" "id:5,phase:1,pass,nolog,ctl:ruleRemoveTargetById=3;ARGS:a"
  SecRule ARGS:hide "@rx ." "id:6,phase:2,pass,sanitiseMatched"
  SecRule &TX:score "@eq 0" "id:7,phase:2,pass,nolog,skipAfter:END"
  SecRule TX:score "@ge 5" "id:8,phase:2,deny,status:403,msg:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
  SecMarker END`

const text = fc
  .array(fc.constantFrom('a', 'union', '%20', '+', 'select', '<script', '>', '&lt;script&gt;', 'é'), {
    maxLength: 8,
  })
  .map((pieces) => pieces.join(''))
const pairs = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'hide', 'union select'), text), { maxLength: 4 })
  .map((list) => list.map(([name, value]) => `${name}=${value}`).join('&'))
const asked: fc.Arbitrary<Asked> = fc.record({
  query: pairs,
  agent: fc.constantFrom('quiet', 'loud', 'union select'),
  body: pairs,
  signed: fc.boolean(),
})

/** A transaction that stops after each of its calls. */
function* callsOf(set: RuleSet, { query, agent, body, signed }: Asked): Generator<null, Report> {
  const transaction = set.begin(beginning())
  const headers = ['User-Agent', agent, 'Content-Type', 'application/x-www-form-urlencoded']
  const stopped = transaction.request({ method: 'POST', target: `/?${query}`, protocol: 'HTTP/1.1', headers })
  yield null
  if (stopped === null && transaction.bodyPart(Buffer.from(body, 'latin1')) === null) {
    yield null
    transaction.bodyEnd({ signed })
  }
  yield null
  return transaction.end()
}

function told({ blocked, matches, scores }: Report): string {
  return JSON.stringify([blocked, matches, scores])
}

function alone(set: RuleSet, asked: Asked): string {
  const calls = callsOf(set, asked)
  for (;;) {
    const { done, value } = calls.next()
    if (done === true && value !== null) return told(value)
  }
}

test('transactions that run in one another say what each says alone in a set that saw none before', () => {
  const shared = rulesOf(RULES)
  let stopped = 0
  fc.assert(
    fc.property(
      fc.array(asked, { minLength: 2, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      (all, turns) => {
        const open = all.map((each) => ({ each, calls: callsOf(shared, each) }))
        while (open.length > 0) {
          const at = (turns.next().value ?? 0) % open.length
          const turn = open[at]?.calls.next()
          if (turn?.done !== true || turn.value === null) continue
          const [ended] = open.splice(at, 1)
          if (ended === undefined) continue
          if (turn.value.blocked !== null) stopped++
          assert.equal(told(turn.value), alone(rulesOf(RULES), ended.each))
        }
      },
    ),
    { numRuns: 300 },
  )
  assert.ok(stopped > 0)
})
