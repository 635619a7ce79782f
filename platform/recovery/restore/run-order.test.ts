import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RepositoryError } from '#backup'
import { requireRegion } from './open-reading.ts'
import { refusalOf } from './run-order.ts'

suite('what a restore is refused with', () => {
  test('a region without a store is told with those that there are', () => {
    const stores = [{ region: 'north' }, { region: 'south' }]
    requireRegion(undefined, stores)
    requireRegion('south', stores)
    assert.throws(() => requireRegion('west', stores), {
      code: 'recovery.unreadable',
      detail: 'There is no store in region west; there are north, south.',
    })
  })

  test('a moment before every backup is told as that, and a missing object by its name', () => {
    const of = (path: string): string => refusalOf(new RepositoryError('missing', path)).message
    assert.match(of('7/backups/'), /^No backup was whole at that moment; `surety backup list`/)
    assert.match(of('7/wal/000000010000000000000001'), /^The object 7\/wal\/0+1\w+ is not there\.$/)
  })
})
