import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fakeClock } from '../kernel/clock.ts'
import { openRequestHistory } from './request-history.ts'

const LINE = { requestId: 'a', method: 'GET', route: '/api/sample/:id', status: 200, ms: 3, http: '2.0' }

suite('the requests of the last hour', () => {
  test('are counted by minute and by the first digit of the status', () => {
    const clock = fakeClock(new Date('2026-01-01T10:00:30Z'))
    const history = openRequestHistory(clock)
    for (const status of [200, 204, 101, 304, 403, 500, 0]) history.add({ ...LINE, status })
    clock.advanceSeconds(60)
    history.add(LINE)
    const { minutes } = history.seen()
    assert.deepEqual(
      minutes.map(({ at, requests }) => [at, requests]),
      [
        ['2026-01-01T10:00:00.000Z', 7],
        ['2026-01-01T10:01:00.000Z', 1],
      ],
    )
    assert.deepEqual(minutes[0]?.statuses, { '2xx': 3, '3xx': 1, '4xx': 1, '5xx': 1, gone: 1 })
  })

  test('are forgotten after an hour, also when nothing comes any more', () => {
    const clock = fakeClock()
    const history = openRequestHistory(clock)
    history.add(LINE)
    clock.advanceSeconds(3600)
    assert.deepEqual(history.seen().minutes, [])
    assert.equal(history.seen().latency, null)
  })

  test('tell how long half and almost all of them took at most', () => {
    const history = openRequestHistory(fakeClock())
    for (let at = 0; at < 100; at += 1) history.add({ ...LINE, ms: at < 60 ? 4 : at < 96 ? 70 : 900_000 })
    assert.deepEqual(history.seen().latency, { half: 5, most: 100 })
  })

  test('are kept in bounded number, the newest first', () => {
    const history = openRequestHistory(fakeClock())
    for (let at = 0; at < 250; at += 1) history.add({ ...LINE, requestId: String(at) })
    const { recent } = history.seen()
    assert.equal(recent.length, 100)
    assert.equal(recent[0]?.requestId, '249')
  })
})
