import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock, secondsAfter } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { securityTxtServed, trustControls, trustDeclarations, type TrustSystem } from './controls.ts'
import { securityTxt, securityTxtFaults } from './security-txt.ts'

const DAY = 86_400
const clock = fakeClock()
const contact = 'mailto:security@example.org'
const origin = 'https://surety.example'
const made = securityTxt({ contact, origin, now: clock.now() })

function served(answer: Partial<Awaited<ReturnType<TrustSystem['fetch']>>>): TrustSystem {
  const whole = { status: 200, type: 'text/plain; charset=utf-8', text: made, ...answer }
  return { clock, contact, origin, fetch: () => Promise.resolve(whole) }
}

suite('security.txt', () => {
  test('policy 15-b: the file names contact, policy and its own address, and is valid from the first to its last day', () => {
    assert.match(made, /^Contact: mailto:security@example\.org$/m)
    assert.match(made, /^Canonical: https:\/\/surety\.example\/\.well-known\/security\.txt$/m)
    assert.deepEqual(securityTxtFaults(made, clock.now()), [])
    assert.deepEqual(securityTxtFaults(made, secondsAfter(clock.now(), 89 * DAY)), [])
    assert.deepEqual(securityTxtFaults(made, secondsAfter(clock.now(), 91 * DAY)), ['it has expired'])
  })

  test('policy 15-b: without a contact the file is refused, and the clause is declared unproven', () => {
    assert.throws(
      () => securityTxt({ contact: '', origin, now: clock.now() }),
      (error) => error instanceof Problem && error.code === 'contact.missing',
    )
    assert.deepEqual(trustControls(''), [])
    assert.ok(trustDeclarations('').some(({ clause, kind }) => clause === '15-b' && kind === 'unproven'))
  })

  test('policy 15-b: the check passes on the file that is served, and fails on its known-bad situation', async () => {
    assert.equal((await securityTxtServed.check(served({}))).result, 'pass')
    assert.equal((await securityTxtServed.knownBad(served({}))).result, 'fail')
  })

  const broken: Readonly<Record<string, Parameters<typeof served>[0]>> = {
    'a refusal': { status: 503 },
    'a page instead of a text': { type: 'text/html' },
    'no contact': { text: made.replace(/^Contact.*\n/m, '') },
    'a contact that nobody can follow': { text: made.replace('mailto:', '') },
    'no expiry': { text: made.replace(/^Expires.*\n/m, '') },
    'two dates of expiry': { text: `${made}Expires: 2026-02-02T00:00:00Z\n` },
    'a date that is none': { text: made.replace(/^Expires: .*$/m, 'Expires: soon') },
    'a promise of more than a year': { text: made.replace(/^Expires: \d+/m, 'Expires: 2031') },
    'a line that is no field': { text: `${made}hello\n` },
  }
  for (const [what, answer] of Object.entries(broken))
    test(`policy 15-b: ${what} is found`, async () => {
      assert.equal((await securityTxtServed.check(served(answer))).result, 'fail')
    })
})
