import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Match, Report } from '#waf'
import { entryOf } from './entry.ts'
import { keepable } from './sanitise.ts'

const SECRET = 'hunter2 & co'

test('policy 4.1-a: a password is not kept where a rule matched a whole body, address or head', () => {
  const wholes = [
    ['REQUEST_BODY', `{"user":"a","password":"hun\\"ter2","note":"<script>"}`],
    ['REQUEST_BODY', `{"user":{"new_password" : "hunter2"}}`],
    ['REQUEST_BODY', `a=<script>&password=hunter2&b=1`],
    ['REQUEST_BODY', `--B\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--B--`],
    ['REQUEST_BODY', '<a><password>hunter2</password></a>'],
    ['REQUEST_URI', '/x?q=<script>&access_token=hunter2'],
    ['REQUEST_URI_RAW', '/x?code=hunter2'],
    ['REQUEST_LINE', 'GET /x?user[password]=hunter2 HTTP/1.1'],
    ['QUERY_STRING', 'otp=hunter2'],
    ['REQUEST_HEADERS:Referer', 'https://localhost/x?session=hunter2'],
    ['FULL_REQUEST', 'GET / HTTP/1.1\r\nCookie: a=hunter2\r\nAuthorization: Bearer hunter2\r\n\r\n'],
    ['XML:/*', 'secret: hunter2'],
  ] as const
  for (const [variable, value] of wholes) {
    const kept = keepable(variable, value)
    assert.doesNotMatch(kept, /hun.?.?ter2/, `${variable}: ${kept}`)
  }
  assert.match(keepable('REQUEST_URI', '/x?q=<script>&token=x'), /<script>/)
  assert.equal(keepable('RESPONSE_BODY', 'Ms Sample, Sample Street 1; ORA-00933'), '[not kept]')
})

test('policy 4.1-a: what a rule carries along of a secret field is not kept under another name', () => {
  const value = (variable: string) => ({
    variable,
    value: SECRET,
    transformed: SECRET,
    transformations: [],
    part: SECRET,
  })
  const match: Match = {
    rule: 1,
    place: { file: 'x', line: 1 },
    phase: 2,
    severity: 2,
    message: 'sample',
    data: SECRET,
    tags: [],
    paranoia: 1,
    log: true,
    disruptive: true,
    operator: { name: 'rx', negated: false, argument: 'x' },
    matched: ['ARGS:password', 'MATCHED_VARS:ARGS:password', 'MATCHED_VAR', 'TX:0'].map(value),
  }
  const report: Report = {
    uniqueId: 'x',
    mode: 'block',
    blocked: null,
    wouldBlock: null,
    scores: { inbound: 5, outbound: 0 },
    matches: [match],
    audit: { relevant: true, parts: 'ABIJDEFHZ' },
    overBudget: [],
  }
  const judged = {
    requestId: 'r',
    method: 'POST',
    pattern: '/x',
    head: null,
    status: 403,
    ip: '',
    client: '',
    ms: 1,
  }
  assert.doesNotMatch(JSON.stringify(entryOf(report, judged, new Date(0), '')), /hunter2/)
})

test('policy 4.1-d: keeping a value takes bounded time, whatever it holds', () => {
  const from = process.cpuUsage()
  for (const unit of ['pass', 'token=', '"password":"', '\\"', 'a@', 'code\r\n', '1 ', '%5B'])
    keepable('REQUEST_BODY', unit.repeat(200_000))
  assert.ok(process.cpuUsage(from).user < 500_000)
})
