import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Match } from '#waf'
import { readCases, type StageInput } from './case.ts'
import { differences, type Observed } from './expectation.ts'
import { readOverrides } from './override.ts'
import { reflect } from './reflector.ts'
import { wireText } from './wire.ts'

function wire(input: StageInput): string {
  return wireText(input, { cookies: new Map([['sid', '1']]), location: '/next' })
}

function observed(status: number, rules: readonly number[], error: string | null = null): Observed {
  const matches = rules.map((rule): Match => ({
    rule,
    place: { file: 'sample.conf', line: 1 },
    phase: 2,
    severity: 2,
    message: 'sample',
    data: 'found within ARGS:x',
    tags: [],
    paranoia: 1,
    log: true,
    disruptive: true,
    operator: { name: 'rx', negated: false, argument: 'x' },
    matched: [],
  }))
  return { status, error, answer: 'HTTP/1.1 200 OK\r\n\r\nbody', matches }
}

test('a request is completed with the headers that it needs, and a plain form is encoded', () => {
  assert.equal(
    wire({ method: 'POST', uri: '/post', headers: { Host: 'localhost' }, data: 'a=<b> c&d' }),
    'POST /post HTTP/1.1\r\nHost: localhost\r\nCookie: sid=1\r\n' +
      'Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: 13\r\n\r\na=%3Cb%3E+c&d',
  )
})

test('what is encoded already, typed otherwise or to be left alone is sent as it is', () => {
  assert.match(wire({ method: 'POST', data: 'a=%3Cb' }), /\r\n\r\na=%3Cb$/)
  assert.match(
    wire({ method: 'POST', headers: { 'Content-Type': 'application/json' }, data: '{"a":"<"}' }),
    /\{"a":"<"\}$/,
  )
  assert.equal(
    wire({ autocomplete_headers: false, ordered_headers: [{ name: 'Cookie', value: 'x' }], data: 'a=<' }),
    'GET / HTTP/1.1\r\nCookie: x\r\n\r\na=<',
  )
  assert.equal(wire({ encoded_request: Buffer.from('\x00 raw').toString('base64') }), '\x00 raw')
  assert.match(
    wire({
      headers: { 'Content-Type': 'text/plain' },
      encoded_data: Buffer.from('\xff', 'latin1').toString('base64'),
    }),
    /\xff$/,
  )
})

test('parts of a form end their lines as MIME does, templates are repeated, redirects followed', () => {
  const headers = { 'Content-Type': 'multipart/form-data; boundary=B' }
  assert.match(
    wire({ method: 'POST', headers, data: '--B\n\nx\r\n--B--\n' }),
    /\r\n\r\n--B\r\n\r\nx\r\n--B--\r\n$/,
  )
  assert.match(wire({ uri: '/?{{ "1" | repeat 5 }}' }), /^GET \/\?11111 /)
  assert.match(wire({ uri: '/', follow_redirect: true }), /^GET \/next /)
})

test('each expectation that is not met is told', () => {
  assert.deepEqual(
    differences({ status: [200, 404], log: { expect_ids: [1], no_expect_ids: [2] } }, observed(200, [1])),
    [],
  )
  assert.equal(
    differences({ status: 400, log: { expect_ids: [1], no_expect_ids: [2] } }, observed(200, [2])).length,
    3,
  )
  assert.equal(
    differences({ isolated: true, log: { expect_ids: [1] } }, observed(200, [1, 2, 949_110])).length,
    1,
  )
  assert.deepEqual(
    differences(
      { log: { match_regex: 'id "1".*found within ARGS:x', no_match_regex: 'id "2"' } },
      observed(200, [1]),
    ),
    [],
  )
  assert.equal(
    differences({ log: { match_regex: 'id "2"', no_match_regex: 'id "1"' } }, observed(200, [1])).length,
    2,
  )
  assert.deepEqual(differences({ log_contains: 'id "1"', no_log_contains: 'id "2"' }, observed(200, [1])), [])
  assert.equal(
    differences({ log_contains: 'id "2"', no_log_contains: 'id "1"' }, observed(200, [1])).length,
    2,
  )
  assert.equal(differences({ response_contains: 'nowhere' }, observed(200, [])).length, 1)
  assert.deepEqual(differences({ expect_error: true }, observed(0, [], 'closed')), [])
  assert.equal(differences({ expect_error: true }, observed(200, [])).length, 1)
  assert.equal(differences({}, observed(0, [], 'closed')).length, 1)
})

test('cases of both formats are read, those that are not enabled are not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-cases-'))
  try {
    const four =
      'rule_id: 920100\ntests:\n  - test_id: 3\n    stages:\n      - input: {uri: /a}\n        output: {log: {expect_ids: [920100]}}\n'
    await writeFile(join(folder, '920100.yaml'), four)
    await writeFile(join(folder, '920110.yaml'), `meta: {enabled: false}\n${four}`)
    const three =
      'tests:\n  - test_title: 941100-7\n    stages:\n      - stage:\n          input: {stop_magic: true}\n          output: {log_contains: id "941100"}\n'
    await writeFile(join(folder, '941100.yaml'), three)
    const cases = await readCases(folder)
    assert.deepEqual(
      cases.map(({ id }) => id),
      ['920100-3', '941100-7'],
    )
    assert.equal(cases[1]?.stages[0]?.input.stop_magic, true)
    await writeFile(join(folder, '942100.yaml'), 'tests: [{stages: [{input: {uri: [1]}}]}]')
    await assert.rejects(readCases(folder), /942100\.yaml/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('at most ten cases have an override, each with its reason', async () => {
  assert.ok((await readOverrides()).size <= 10)
})

test('the service answers what is asked for', () => {
  const asked = reflect('POST', '/reflect/?x', Buffer.from('{"status":404,"headers":{"X":"y"},"body":"b"}'))
  assert.deepEqual(asked, {
    status: 404,
    headers: { X: 'y', 'Content-Type': 'text/plain; charset=utf-8' },
    body: Buffer.from('b'),
  })
  assert.equal(reflect('POST', '/reflect', Buffer.from('{"encodedBody":"/w=="}')).body[0], 0xff)
  assert.equal(reflect('POST', '/reflect', Buffer.from('no')).status, 400)
  assert.equal(reflect('GET', '/status/503', Buffer.alloc(0)).status, 503)
  assert.equal(reflect('PUT', '/anything', Buffer.alloc(0)).status, 200)
})
