import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { planExpiry, type ExpiryPlan, type ExpiryRequest } from './expiry.ts'
import type { BackupManifest, ObjectHead } from './model.ts'
import { repositoryPaths, stampOf } from './paths.ts'
import { chainFor } from './recovery-plan.ts'
import { formatLsn, segmentName } from './wal-names.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const SIZE = 2 ** 24
const system = '7300000000000000001'
const paths = repositoryPaths(system)
const start = Date.parse('2026-01-01T00:00:00.000Z')
const retention = { keepSeconds: 90 * 86_400, tailSeconds: 86_400 }

const epochAt = (moment: number): string => moment.toString(16).padStart(12, '0') + '0'.repeat(20)
const number = (moment: number): bigint => BigInt(Math.floor((moment - start) / HOUR) * 10 + 1)
const lsnAt = (moment: number): string => formatLsn(number(moment) * BigInt(SIZE))

function backup(moment: number, parent: string | null): BackupManifest {
  const name = `${stampOf(new Date(moment))}-${parent === null ? 'full' : 'incr'}`
  const object = { path: paths.databaseManifest(name), plainBytes: 1, bytes: 1, sha256: '0'.repeat(64) }
  return {
    format: 1,
    system,
    name,
    kind: parent === null ? 'full' : 'incremental',
    parent,
    driver: 'replication',
    startedAt: new Date(moment).toISOString(),
    finishedAt: new Date(moment + 60_000).toISOString(),
    startLsn: lsnAt(moment),
    endLsn: lsnAt(moment + HOUR),
    timeline: 1,
    serverVersion: 180_004,
    epoch: epochAt(moment),
    archives: [],
    databaseManifest: object,
  }
}

/** Days of a full backup at midnight and an incremental every `every` hours. */
function days(count: number, every = 6): BackupManifest[] {
  return Array.from({ length: count }, (_, day) => {
    const chain = [backup(start + day * DAY, null)]
    for (let hour = every; hour < 24; hour += every)
      chain.push(backup(start + day * DAY + hour * HOUR, chain.at(-1)?.name ?? null))
    return chain
  }).flat()
}

function objectsOf(manifests: readonly BackupManifest[], until: number): ObjectHead[] {
  const head = (path: string, moment: number): ObjectHead => ({
    path,
    bytes: 1,
    storedAt: new Date(moment),
    retainUntil: null,
  })
  const backups = manifests.flatMap(({ name, startedAt, epoch }) => {
    const moment = Date.parse(startedAt)
    const own = [paths.manifest(name), paths.archiveObject(name, 'base.tar', 0), paths.databaseManifest(name)]
    return [...own, paths.epochNote(epoch), paths.sidecar(epoch, 1)].map((path) => head(path, moment))
  })
  const wal: ObjectHead[] = []
  for (let moment = start; moment < until; moment += HOUR)
    for (let at = 0n; at < 3n; at++)
      wal.push(head(paths.segment(segmentName(1, number(moment) + at, SIZE)), moment))
  return [...backups, ...wal]
}

function plan(
  manifests: readonly BackupManifest[],
  now: number,
  more: Partial<ExpiryRequest> = {},
): ExpiryPlan {
  const request = {
    system,
    retention,
    filesets: [],
    holds: [],
    segmentBytes: SIZE,
    manifests,
    now: new Date(now),
  }
  return planExpiry({ ...request, objects: objectsOf(manifests, now), ...more })
}

suite('expiry', () => {
  test('policy 6.1-e: nothing of the last 90 days goes, and nothing older than a chain beyond them stays', () => {
    const manifests = days(120)
    const now = start + 120 * DAY
    const { backups, oldest } = plan(manifests, now)
    const age = (now - (oldest?.getTime() ?? 0)) / DAY
    assert.ok(age >= 90 && age <= 91, `${age} days`)
    assert.equal(backups.length, 29 * 4)
    assert.equal(plan(manifests, start + 89 * DAY).paths.length, 0)
  })

  test('policy 6.1-e: whatever may go, every moment of the last 90 days can still be restored', () => {
    const shape = fc.record({
      days: fc.integer({ min: 1, max: 8 }),
      every: fc.constantFrom(1, 6, 12),
      ahead: fc.integer({ min: 0, max: 12 * 24 }),
      keepDays: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(shape, fc.nat(1000), (given, part) => {
        const manifests = days(given.days, given.every)
        const now = start + given.ahead * HOUR
        const there = manifests.filter(({ finishedAt }) => Date.parse(finishedAt) <= now)
        const objects = objectsOf(there, now)
        const { paths: gone, backups } = plan(there, now, {
          objects,
          retention: { ...retention, keepSeconds: given.keepDays * 86_400 },
        })
        const kept = there.filter(({ name }) => !backups.includes(name))
        assert.ok(there.length === 0 || kept.length > 0)
        const cutoff = now - given.keepDays * DAY
        const moment = new Date(cutoff + ((now - cutoff) * part) / 1000)
        const could = there.some(({ finishedAt }) => Date.parse(finishedAt) <= moment.getTime())
        if (!could) return
        const chain = chainFor(system, kept, { at: moment })
        assert.deepEqual(chain, chainFor(system, there, { at: moment }))
        const gonePaths = new Set(gone)
        const needed = chain.flatMap(({ name, epoch }) => [
          paths.manifest(name),
          paths.archiveObject(name, 'base.tar', 0),
          paths.sidecar(epoch, 1),
        ])
        for (let hour = Date.parse(chain[0]?.startedAt ?? ''); hour <= moment.getTime(); hour += HOUR)
          needed.push(paths.segment(segmentName(1, number(hour), SIZE)))
        for (const path of needed) assert.ok(!gonePaths.has(path), path)
      }),
      { numRuns: 60 },
    )
  })

  test('the newest chain stays however old it is', () => {
    const manifests = days(2)
    const { backups, paths: gone } = plan(manifests, start + 1000 * DAY, {
      objects: objectsOf(manifests, start + 3 * DAY),
    })
    assert.deepEqual(
      backups,
      manifests.slice(0, 4).map(({ name }) => name),
    )
    assert.ok(!gone.some((path) => path.includes(manifests[4]?.name ?? '?')))
  })

  test('a hold keeps the backups and the log of its time, and nothing else', () => {
    const manifests = days(120)
    const now = start + 120 * DAY
    const holds = [{ from: new Date(start + 5.5 * DAY), to: new Date(start + 6.5 * DAY) }]
    const { backups, paths: gone } = plan(manifests, now, { holds })
    const kept = manifests
      .filter(({ name }) => !backups.includes(name))
      .slice(0, 8)
      .map(({ startedAt }) => startedAt.slice(0, 10))
    assert.deepEqual([...new Set(kept)], ['2026-01-06', '2026-01-07'])
    const segment = (day: number): string => paths.segment(segmentName(1, number(start + day * DAY), SIZE))
    assert.deepEqual(
      [4, 5, 6, 7, 9].map((day) => gone.includes(segment(day))),
      [true, false, false, false, true],
    )
  })

  test('pieces go a day after their segment is there; those of a segment that is not whole stay', () => {
    const manifests = days(1)
    const now = start + 3 * DAY
    const name = segmentName(1, number(start) + 2n, SIZE)
    const open = segmentName(1, number(now) + 5n, SIZE)
    const tail = (path: string, storedAt: number): ObjectHead => ({
      path,
      bytes: 1,
      storedAt: new Date(storedAt),
      retainUntil: null,
    })
    const objects = [
      ...objectsOf(manifests, now),
      tail(paths.tail(name, 0, 10), start),
      tail(paths.tail(name, 10, 20), now - HOUR),
      tail(paths.tail(open, 0, 10), start),
    ]
    assert.deepEqual(plan(manifests, now, { objects }).paths, [paths.tail(name, 0, 10)])
  })

  test('a file, its set and its epoch stay as long as a set may name the file, read or not', () => {
    const manifests = days(120)
    const now = start + 120 * DAY
    const head = (path: string, storedAt: number): ObjectHead => ({
      path,
      bytes: 1,
      storedAt: new Date(storedAt),
      retainUntil: null,
    })
    const [old, young] = [start + 5 * DAY, start + 25 * DAY]
    const at = (moment: number): ObjectHead[] => [
      head(paths.file(`1-${moment}`, 0), moment),
      head(paths.fileset(`ledger-${stampOf(new Date(moment))}`), moment + 4 * DAY),
      head(paths.sidecar(epochAt(moment + 1), 1), moment),
    ]
    const objects = [...objectsOf(manifests, now), ...at(old), ...at(young)]
    const unread = plan(manifests, now, { objects }).paths
    for (const { path } of at(old)) assert.ok(unread.includes(path), path)
    for (const { path } of at(young)) assert.ok(!unread.includes(path), path)
    const set = { name: 'ledger-x', folder: 'ledger', base: null, at: new Date(now - DAY).toISOString() }
    const object = { path: paths.file(`1-${old}`, 0), plainBytes: 1, bytes: 1, sha256: '' }
    const files = [{ name: 'x', epoch: epochAt(old + 1), objects: [object] }]
    const named = plan(manifests, now, { objects, filesets: [{ ...set, files }] }).paths
    assert.ok(!named.includes(object.path) && !named.includes(paths.sidecar(epochAt(old + 1), 1)))
  })

  test('what never became a backup goes once it is old; notes go before what they name', () => {
    const manifests = days(120)
    const orphan = paths.archiveObject('20260101T003000Z-full', 'base.tar', 0)
    const young = paths.archiveObject('20260428T003000Z-full', 'base.tar', 0)
    const head = (path: string, storedAt: number): ObjectHead => ({
      path,
      bytes: 1,
      storedAt: new Date(storedAt),
      retainUntil: null,
    })
    const now = start + 120 * DAY
    const objects = [...objectsOf(manifests, now), head(orphan, start), head(young, now - 2 * DAY)]
    const { paths: gone } = plan(manifests, now, { objects })
    assert.ok(gone.includes(orphan) && !gone.includes(young))
    const lastNote = gone.findLastIndex((path) => path.endsWith('/manifest.note'))
    const firstObject = gone.findIndex((path) => path.endsWith('.obj'))
    assert.ok(lastNote < firstObject)
    assert.ok(gone.every((path) => path.startsWith(`${system}/`)))
  })
})
