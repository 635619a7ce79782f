import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAY, HOUR, MINUTE } from '../../kernel/clock.ts'
import { dueBackup, rateOf, type MadeBackup } from './due.ts'

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 30) + seconds * 1000)
const full = (seconds: number): MadeBackup => ({
  kind: 'full',
  name: `full-${seconds}`,
  startedAt: at(seconds),
})
const more = (seconds: number): MadeBackup => ({
  kind: 'incremental',
  name: `more-${seconds}`,
  startedAt: at(seconds),
})
const base = { interval: DAY, increment: HOUR, incrementals: true, canFollow: () => true }

test('policy 6.1-a: a full backup is due before the newest one has its age, and at once where there is none', () => {
  assert.deepEqual(dueBackup({ ...base, made: [], now: at(0) }), { kind: 'full' })
  const made = [more(DAY - HOUR), full(0)]
  assert.equal(dueBackup({ ...base, made, now: at(DAY - 15 * MINUTE) }).kind, 'full')
  assert.notEqual(dueBackup({ ...base, made, now: at(DAY - 16 * MINUTE) }).kind, 'full')
})

test('policy 6.1-b: an incremental backup follows the newest one before that has its age', () => {
  const made = [more(HOUR), full(0)]
  assert.deepEqual(dueBackup({ ...base, made, now: at(2 * HOUR - 3 * MINUTE) }), {
    kind: 'incremental',
    parent: `more-${HOUR}`,
  })
  assert.deepEqual(dueBackup({ ...base, made, now: at(2 * HOUR - 4 * MINUTE) }), {
    kind: 'none',
    nextAt: at(2 * HOUR - 3 * MINUTE),
  })
  const alone = { ...base, made, now: at(3 * HOUR), canFollow: () => false }
  assert.deepEqual(dueBackup(alone), { kind: 'full' }, 'what cannot be followed is followed by a full one')
  assert.equal(dueBackup({ ...base, made, now: at(3 * HOUR), incrementals: false }).kind, 'none')
})

test('a run that was missed is made good at the next look, whatever the values', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: HOUR, max: 31 * DAY }),
      fc.integer({ min: 5 * MINUTE, max: DAY }),
      fc.integer({ min: 0, max: 40 * DAY }),
      (interval, increment, now) => {
        const due = dueBackup({ ...base, interval, increment, made: [full(0)], now: at(now) })
        if (now >= interval) assert.equal(due.kind, 'full')
        else if (now >= increment) assert.notEqual(due.kind, 'none')
        if (due.kind === 'none')
          assert.ok(due.nextAt > at(now) && due.nextAt <= at(Math.min(interval, increment)))
      },
    ),
  )
})

test('rate and time left are told where they can be known', () => {
  const run = { startedAt: at(0), heardAt: at(10), doneBytes: 1000, totalBytes: 3000 }
  assert.deepEqual(rateOf(run), { bytesPerSecond: 100, secondsLeft: 20 })
  assert.deepEqual(rateOf({ ...run, totalBytes: null }), { bytesPerSecond: 100, secondsLeft: null })
  assert.deepEqual(rateOf({ ...run, totalBytes: 900 }), { bytesPerSecond: 100, secondsLeft: 0 })
  assert.deepEqual(rateOf({ ...run, heardAt: at(0) }), { bytesPerSecond: null, secondsLeft: null })
})
