import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RepositoryError } from '#backup'
import { Problem } from '../../kernel/problem.ts'
import { CouldNotRun, PointFailed, pointList, POINTS } from './points.ts'
import { sizeIn90Days } from './points/time.ts'

const NUMBERS = Object.keys(POINTS).map(Number)

suite('points of a drill', () => {
  test('policy 6.2-c: points that were never reached could not run, and the last one says so', () => {
    const points = pointList().all()
    assert.deepEqual(
      points.map(({ number }) => number),
      NUMBERS,
    )
    assert.ok(points.slice(0, 13).every(({ result }) => result === 'could-not-run'))
    assert.equal(points.at(-1)?.result, 'failed')
  })

  test('policy 6.2-c: what a point throws becomes its result, and words of other errors stay inside', async () => {
    const faults: unknown[] = []
    const list = pointList(
      () => {},
      (error) => faults.push(error),
    )
    const throwing = (error: Error) => async (): Promise<string> => {
      throw error
    }
    await list.run(1, throwing(new PointFailed('it is wrong')))
    await list.run(2, throwing(new CouldNotRun('it is away')))
    await list.run(3, throwing(new RepositoryError('damaged', '1/backups/one')))
    await list.run(4, throwing(new RepositoryError('no-key', '1/epochs/one')))
    await list.run(5, throwing(new Problem('recovery.unreadable', 'A page is damaged.')))
    await list.run(6, throwing(new Error('person@sample.invalid')))
    await list.run(7, async () => 'all is well')
    const results = list.all().map(({ result }) => result)
    assert.deepEqual(results.slice(0, 7), [
      'failed',
      'could-not-run',
      'failed',
      'could-not-run',
      'failed',
      'could-not-run',
      'passed',
    ])
    assert.equal(faults.length, 1)
    assert.ok(!JSON.stringify(list.all()).includes('person@'))
  })

  test('policy 6.2-a: growth is that of the backups, and twice the size while they span less than a week', () => {
    const at = (day: number) => new Date(Date.UTC(2030, 0, day))
    assert.equal(sizeIn90Days([], 100).bytes, 200)
    assert.equal(
      sizeIn90Days(
        [
          { at: at(1), bytes: 50 },
          { at: at(3), bytes: 60 },
        ],
        100,
      ).bytes,
      200,
    )
    assert.equal(
      sizeIn90Days(
        [
          { at: at(1), bytes: 50 },
          { at: at(11), bytes: 60 },
        ],
        100,
      ).bytes,
      190,
    )
    assert.equal(
      sizeIn90Days(
        [
          { at: at(1), bytes: 90 },
          { at: at(11), bytes: 60 },
        ],
        100,
      ).bytes,
      100,
    )
  })
})
