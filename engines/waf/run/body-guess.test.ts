import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineHost } from './host.ts'
import { ask, rulesOf } from './run.fixture.ts'

const RULES = `SecRequestBodyAccess On
SecRequestBodyNoFilesLimit 2000
SecRequestBodyJsonDepthLimit 8
SecRule ARGS "@streq attack" "id:1,phase:2,deny"`

const guessing: EngineHost = { readFile: () => null, guessesBodies: true }

function judged(type: string | null, body: string, host = guessing): number | null {
  const headers = type === null ? [] : ['Content-Type', type]
  return ask(rulesOf(RULES, host), { method: 'POST', headers, body }).verdict?.status ?? null
}

test('policy 4.1-a: a body that calls itself something else is read as what it looks like', () => {
  const json = String.raw`{"a":{"b":"\u0061ttack"}}`
  for (const type of [
    null,
    '',
    'text/plain',
    'application/csp-report',
    'multipart/related; boundary=x',
    'image/png',
  ])
    assert.equal(judged(type, json), 403, `JSON as ${type}`)
  assert.equal(judged('application/x-www-form-urlencoded', json), 403, 'JSON as a form')
  assert.equal(
    judged('application/x-www-form-urlencoded', '\xEF\xBB\xBF ["attack"]'),
    403,
    'JSON after a mark',
  )
  assert.equal(judged(null, 'x=1&y=%61ttack'), 403, 'a form without a type')
  assert.equal(judged('text/plain', '{"a":1}&y=attack'), 403, 'a form that begins like JSON')
})

test('policy 4.1-a: what is no text is not taken for fields, and what is harmless passes', () => {
  assert.equal(judged('image/png', '\x89PNG&a=attack'), null)
  assert.equal(judged('application/octet-stream', 'x'.repeat(5000)), null)
  assert.equal(judged('text/plain', 'a note about {braces} and <angles>'), null)
  assert.equal(judged('text/plain', '<p>not closed & more'), null)
})

test('policy 4.1-a: a body that has no type is held to the limit of what rules look through', () => {
  assert.equal(judged('text/plain', 'x'.repeat(5000)), 413)
  assert.equal(judged(null, `{"a":"${'x'.repeat(5000)}"}`), 413)
})

test('without being told to, the engine reads no body of an unknown type', () => {
  assert.equal(judged('text/plain', '{"a":"attack"}', { readFile: () => null }), null)
})
