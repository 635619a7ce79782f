import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Report } from '#waf'
import { systemClock } from '../../kernel/clock.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { partsOf } from './audit-log.ts'
import { entryOf } from './entry.ts'
import { mergeFiles } from './generation.ts'
import { compileWithEngine } from './engine-load.ts'
import { replayAll, type Judge } from './replay-all.ts'
import { readReplayFile } from './replay-file.ts'
import { replayRecorded } from './replay-program.ts'
import { readReviewedFile } from './reviewed-file.ts'
import { ATTACKS } from './corpus.ts'

/** A small set in the way of the Core Rule Set: two rules that add to a score, and one that judges it. */
const RULES = `SecRuleEngine On
SecRequestBodyAccess On
SecRule REQUEST_HEADERS:Content-Type "@rx json" "id:90003,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAction "id:901001,phase:1,nolog,pass,setvar:tx.inbound_anomaly_score=0"
SecRule ARGS "@detectSQLi" "id:942100,phase:2,log,auditlog,pass,msg:'SQL',severity:2,tag:'paranoia-level/1',setvar:tx.inbound_anomaly_score=+5"
SecRule ARGS "@detectXSS" "id:941100,phase:2,log,auditlog,pass,msg:'XSS',severity:2,tag:'paranoia-level/1',setvar:tx.inbound_anomaly_score=+5"
SecRule TX:inbound_anomaly_score "@ge %{tx.inbound_anomaly_score_threshold}" "id:949110,phase:2,deny,status:403,log,msg:'Too much'"
`
const NOW = new Date('2026-05-05T05:05:05Z')
const base = compileWithEngine([{ name: 'rules/sample.conf', text: RULES }], () => null)
const product = readReviewedFile('version: 1')

function judge(text = 'version: 1'): Judge {
  const floor = { mode: 'block', paranoia: 1, threshold: 5 } as const
  return { base, floor, file: mergeFiles(product, readReviewedFile(text)) }
}

function har(...requests: readonly (readonly [string, string, string?])[]): string {
  return JSON.stringify({
    log: {
      version: '1.2',
      entries: requests.map(([method, url, text]) => ({
        request: {
          method,
          url,
          headers: [{ name: ':authority', value: 'localhost' }],
          ...(text === undefined ? {} : { postData: { mimeType: 'application/json', text } }),
        },
      })),
    },
  })
}

const TEXT = JSON.stringify({ text: "1' OR '1'='1", more: 'Good morning' })
const RECORDED = har(
  ['POST', 'https://localhost:8443/api/notes/7', TEXT],
  ['GET', 'https://localhost:8443/api/notes?q=hello'],
  ['GET', 'https://localhost:8443/api/notes?q=%3Cscript%3Ealert(1)%3C/script%3E'],
)
const EXCLUDED = `version: 1
routes:
  - name: notes
    path: /api/notes/:id
    methods: [POST]
    exclusions:
      - { rules: [942100], targets: ['ARGS:json.text'], why: notes are prose, by: security officer, until: 2026-12-31 }
`

suite('replay', () => {
  test('a HAR file is judged as it was sent, and a changed file is seen to let through what it excludes', () => {
    const got = replayAll(judge(), judge(EXCLUDED), readReplayFile(RECORDED), [], NOW)
    assert.equal(got.requests, 3)
    assert.deepEqual([got.refusedBefore, got.refusedAfter], [2, 1])
    assert.deepEqual(
      got.letThrough.map(({ id, path }) => `${id} ${path}`),
      ['1 /api/notes/7'],
    )
    assert.deepEqual(
      got.stillRefused.map(({ id }) => id),
      ['3'],
    )
    assert.deepEqual(got.attacksLetThrough, [])
  })

  test('policy 4.1-a: a change that lets attacks through is told by their names', () => {
    const careless = EXCLUDED.replace(", targets: ['ARGS:json.text']", '').replace(
      '[942100]',
      '[941100, 942100]',
    )
    const got = replayAll(judge(), judge(careless), readReplayFile(RECORDED), [], NOW)
    assert.ok(got.attacksLetThrough.includes('xss-json at /api/notes/7'))
    assert.ok(!got.attacksLetThrough.some((one) => one.endsWith('at /')))
  })

  test('the fewest exclusions for a request are one rule and one target, and the attacks stay refused', () => {
    const got = replayAll(judge(), judge(), readReplayFile(RECORDED), ['1'], NOW)
    const [proposal] = got.proposals
    assert.deepEqual(proposal?.exclusions, [{ rule: 942_100, message: 'SQL', target: 'ARGS:json.text' }])
    assert.deepEqual(proposal.notSolved, [])
    assert.deepEqual(
      proposal.proof.letThrough.map(({ id }) => id),
      ['1'],
    )
    assert.equal(proposal.proof.attacks, ATTACKS.length)
  })

  test('a line of the audit log is judged by what was kept of it', () => {
    const rules = base.variant({ variables: { inbound_anomaly_score_threshold: '5' } })
    const head = {
      method: 'POST',
      target: '/api/notes/7',
      protocol: 'HTTP/1.1',
      headers: ['Content-Type', 'application/json', 'Content-Length', String(TEXT.length)],
    }
    const local = { address: '192.0.2.1', port: 1 }
    const transaction = rules.begin({ uniqueId: 'a', now: 0, client: local, server: { ...local, name: 'a' } })
    transaction.request(head)
    transaction.bodyPart(Buffer.from(TEXT))
    transaction.bodyEnd()
    const report: Report = transaction.end()
    const judged = {
      requestId: 'a',
      method: 'POST',
      pattern: '/api/notes/:id',
      head,
      status: 403,
      ip: '',
      client: '',
      ms: 0,
    }
    const line = JSON.stringify(partsOf(entryOf(report, judged, NOW, ''), 'ABIJDEFHZ'))
    const got = replayAll(judge(), judge(EXCLUDED), readReplayFile(`${line}\n`), [], NOW)
    assert.deepEqual([got.exact, got.notRepeatable, got.refusedBefore, got.refusedAfter], [0, [], 1, 0])
  })

  test('what is neither an audit log nor a HAR file is refused with its line', () => {
    const refused = (error: unknown) => error instanceof Problem && error.detail.startsWith('Line 1 ')
    for (const text of ['{"log":{}}', 'a line', '[]', '{"id":1}'])
      assert.throws(() => readReplayFile(text), refused)
    assert.deepEqual(readReplayFile(''), [])
  })
})

test('a recording that is not there is told before rules that are not', async () => {
  const nowhere = { rules: '', varFolder: '/nonexistent', file: '', changed: '', propose: [] }
  await assert.rejects(
    replayRecorded({ ...nowhere, recorded: '/nonexistent/session.har' }, policyWith({}), systemClock),
    { code: 'firewall.unusable', detail: '/nonexistent/session.har cannot be read (ENOENT).' },
  )
})
