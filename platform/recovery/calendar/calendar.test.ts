import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { segmentBytesDefault, segmentName, type BackupManifest, type FoundBackup } from '#backup'
import { calendarOf } from './calendar.ts'

function backup(startedAt: string, segment: number, parent: string | null = null): FoundBackup {
  const stamp = startedAt.replaceAll(/[-:]/g, '').replace('.000', '')
  const kind = parent === null ? 'full' : 'incremental'
  const object = { path: 'a', plainBytes: 300, bytes: 100, sha256: '' }
  const manifest: Partial<BackupManifest> = {
    name: `${stamp}-${kind === 'full' ? 'full' : 'incr'}`,
    kind,
    parent,
    startedAt,
    finishedAt: startedAt,
    startLsn: `0/${(segment * segmentBytesDefault + 40).toString(16).toUpperCase()}`,
    timeline: 1,
    archives: [{ name: 'base.tar', objects: [object] }],
    databaseManifest: object,
  }
  return { manifest: manifest as BackupManifest, regions: ['a', 'b'] }
}

function log(...numbers: readonly number[]) {
  const segments = numbers.map((number) => ({
    timeline: 1,
    segment: segmentName(1, BigInt(number), segmentBytesDefault),
    path: '',
    storedAt: new Date(0),
  }))
  return { segments, tails: [], histories: [] }
}

const now = new Date('2026-03-04T12:00:00Z')

suite('the calendar of backups', () => {
  const full = backup('2026-03-02T01:00:00.000Z', 2)
  const incremental = backup('2026-03-02T02:00:00.000Z', 3, full.manifest.name)
  const later = backup('2026-03-04T02:00:00.000Z', 5, incremental.manifest.name)
  const all = [later, full, incremental]

  test('policy 6.1-e: days go from today back to the first backup, and none is left out', () => {
    const { days, chain, firstAt } = calendarOf(all, log(2, 3, 4, 5, 6), now, segmentBytesDefault)
    assert.deepEqual(
      days.map(({ day, backups, missing }) => [day, backups.length, missing]),
      [
        ['2026-03-04', 1, 0],
        ['2026-03-03', 0, 0],
        ['2026-03-02', 2, 0],
      ],
    )
    assert.deepEqual([days[2]?.backups[0]?.kind, days[2]?.backups[0]?.bytes], ['incremental', 200])
    assert.deepEqual(
      chain.map(({ kind }) => kind),
      ['full', 'incremental', 'incremental'],
    )
    assert.equal(firstAt, full.manifest.startedAt)
  })

  test('policy 6.2-b: a part of the log that is not there is a gap of every day that it may belong to', () => {
    const { days } = calendarOf(all, log(2, 3, 5, 6), now, segmentBytesDefault)
    assert.deepEqual(
      days.map(({ missing }) => missing),
      [1, 1, 1],
    )
    const whole = calendarOf(all, log(2, 3, 4, 6), now, segmentBytesDefault)
    assert.equal(whole.days[0]?.missing, 1)
    assert.equal(whole.segments, 5)
  })

  test('a chain whose beginning is gone ends where it is known, and without backups there are no days', () => {
    assert.deepEqual(
      calendarOf([later], log(5), now, segmentBytesDefault).chain.map(({ name }) => name),
      [later.manifest.name],
    )
    assert.deepEqual(calendarOf([], log(), now, segmentBytesDefault).days, [])
  })
})
