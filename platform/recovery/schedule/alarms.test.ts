import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR } from '../../kernel/clock.ts'
import { behindAlarms, openAlarms, slotAlarms } from './alarms.ts'

test('policy 6.2-b: a region that is behind by half of the recovery point raises an alarm, once until it has caught up', async () => {
  const lag = (seconds: number | null) => [{ region: 'one', lsn: null, recoverableTo: null, seconds }]
  assert.deepEqual(behindAlarms(lag(1799), HOUR), [])
  const alarm = behindAlarms(lag(1800), HOUR)
  assert.equal(alarm.length, 1)
  const told: string[] = []
  const raise = openAlarms(async ({ type, of }) => void told.push(`${type} ${of}`))
  for (const now of [alarm, alarm, [], alarm]) await raise(now, ['backup.behind'])
  await raise([], ['backup.log-held'])
  await raise(alarm, ['backup.behind'])
  assert.deepEqual(told, ['backup.behind one', 'backup.behind one'])
})

test('log that waits is told at half of its limit, and that it is gone', () => {
  const state = { active: true, status: 'reserved', keptBytes: 49, roomBytes: 51 }
  assert.deepEqual(slotAlarms('slot', state), [])
  assert.equal(slotAlarms('slot', { ...state, keptBytes: 51, roomBytes: 49 })[0]?.type, 'backup.log-held')
  const unlimited = { ...state, roomBytes: null }
  assert.deepEqual(slotAlarms('slot', unlimited), [])
  assert.deepEqual(
    slotAlarms('slot', { ...unlimited, keptBytes: 9e9 }).map(({ type }) => type),
    ['backup.log-held'],
    'a server without a limit goes on until its disk is full',
  )
  assert.equal(slotAlarms('slot', { ...state, status: 'lost', roomBytes: null })[0]?.type, 'backup.log-lost')
  assert.deepEqual(slotAlarms('slot', null), [])
})
