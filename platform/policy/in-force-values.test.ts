import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { secondsAfter } from '../kernel/clock.ts'
import { parameter, type AnyParameter } from '../kernel/parameter.ts'
import { count, duration, list } from '../kernel/value-type.ts'
import { valuesInForce } from './in-force-values.ts'
import { policyNotice } from './parameters.ts'
import type { VersionStatement } from './version-statement.ts'

const DAY = 86_400
const start = new Date('2026-01-30T12:00:00Z')
const idle = parameter({
  name: 'session.idle',
  clause: '3.4-a',
  type: duration({ min: 60, max: DAY }),
  weaker: 'higher',
  obeys: 'Ends a session.',
})
const groups = parameter({
  name: 'tls.groups',
  clause: '2.1-b',
  type: list(['A', 'B']),
  weaker: 'longer',
  obeys: 'Offered.',
})
const parameters: readonly AnyParameter[] = [idle, groups, policyNotice]

function version(
  number: number,
  day: number,
  idleText: string,
  notice = '30 days',
  groupsText = 'A',
): VersionStatement {
  return {
    number,
    publishedAt: secondsAfter(start, day * DAY),
    textHash: Buffer.alloc(32),
    valueTexts: { 'session.idle': idleText, 'policy.notice': notice, 'tls.groups': groupsText },
  }
}

function idleOn(day: number, ...versions: VersionStatement[]): unknown {
  return valuesInForce(versions, parameters, secondsAfter(start, day * DAY)).get('session.idle')?.value
}

test('policy 14-b: the first version and every stronger value hold at once', () => {
  assert.equal(idleOn(0, version(1, 0, '30 minutes')), 1800)
  assert.equal(idleOn(1, version(1, 0, '30 minutes'), version(2, 1, '15 minutes')), 900)
})

test('policy 14-b: a weaker value holds after the notice period and not a moment earlier', () => {
  const versions = [version(1, 0, '15 minutes'), version(2, 1, '30 minutes')]
  assert.equal(idleOn(30.999, ...versions), 900)
  assert.equal(idleOn(31, ...versions), 1800)
})

test('policy 14-b: a shorter notice period cannot cut itself, or what is published with it, short', () => {
  const versions = [
    version(1, 0, '15 minutes'),
    version(2, 1, '30 minutes', '7 days'),
    version(3, 9, '1 hour', '7 days'),
  ]
  assert.equal(idleOn(30, ...versions), 900)
  const at31 = valuesInForce(versions, parameters, secondsAfter(start, 31 * DAY))
  assert.equal(at31.get('policy.notice')?.value, 7 * DAY)
  // Published on day 9, under the notice of 30 days that still held then.
  assert.equal(
    at31.get('session.idle')?.pending?.effectiveAt.getTime(),
    secondsAfter(start, 39 * DAY).getTime(),
  )
})

test('policy 14-b: publishing an announced value again neither shortens nor lengthens its wait', () => {
  const versions = [version(1, 0, '15 minutes'), version(2, 1, '30 minutes'), version(3, 20, '30 minutes')]
  assert.equal(idleOn(30.9, ...versions), 900)
  assert.equal(idleOn(31, ...versions), 1800)
})

test('policy 14-b: taking an announced value back before its time leaves the old one in force', () => {
  assert.equal(
    idleOn(60, version(1, 0, '15 minutes'), version(2, 1, '30 minutes'), version(3, 2, '15 minutes')),
    900,
  )
})

test('policy 14-b: lists that cannot be compared are treated as weaker', () => {
  const versions = [version(1, 0, '15 minutes'), version(2, 1, '15 minutes', '30 days', 'B')]
  const value = valuesInForce(versions, parameters, secondsAfter(start, 2 * DAY)).get('tls.groups')
  assert.deepEqual(value?.value, ['A'])
  assert.deepEqual(value?.pending?.value, ['B'])
})

/** The third is published at the moment when the weaker second comes into force. */
const STRONGER_AS_WEAKER_COMES = [
  { gap: 0, tries: 3, notice: 12 },
  { gap: 0, tries: 5, notice: 7 },
  { gap: 12, tries: 4, notice: 7 },
  { gap: 1, tries: 3, notice: 7 },
]

test('policy 14-b: whatever is published in whatever order, a value never weakens without its notice', () => {
  const tries = count({ min: 3, max: 10 })
  const one: AnyParameter = {
    name: 'tries',
    clause: '3.3-d',
    type: tries,
    weaker: 'higher',
    obeys: 'Counts.',
  }
  const history = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 40 }),
      tries: fc.integer({ min: 3, max: 10 }),
      notice: fc.integer({ min: 7, max: 60 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  fc.assert(
    fc.property(history, (steps) => {
      let day = 0
      const versions = steps.map((step, index) => {
        day += index === 0 ? 0 : step.gap
        const valueTexts = { tries: String(step.tries), 'policy.notice': `${step.notice} days` }
        return {
          number: index + 1,
          publishedAt: secondsAfter(start, day * DAY),
          textHash: Buffer.alloc(32),
          valueTexts,
        }
      })
      let before: number | undefined
      for (let at = 0; at <= day + 61; at += 1) {
        const known = versions.filter(({ publishedAt }) => publishedAt <= secondsAfter(start, at * DAY))
        const value = valuesInForce(known, [one, policyNotice], secondsAfter(start, at * DAY)).get(
          'tries',
        )?.value
        assert.ok(typeof value === 'number')
        const announced = steps.some((step, index) => {
          const age = at - ((versions[index]?.publishedAt.getTime() ?? 0) - start.getTime()) / 1000 / DAY
          // What is stronger than an announced value needs no notice of its own.
          return step.tries >= value && age >= 7
        })
        if (before !== undefined && value > before) assert.ok(announced, `weaker without notice on day ${at}`)
        before = value
      }
    }),
    { examples: [[STRONGER_AS_WEAKER_COMES]] },
  )
})
