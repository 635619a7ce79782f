import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { RepositoryError } from './model.ts'
import { readWalPath, repositoryPaths } from './paths.ts'
import type { WalIndex, WalPlan } from './wal-model.ts'
import {
  formatLsn,
  parseHistory,
  parseLsn,
  parseSegmentName,
  segmentName,
  type TimelineBranch,
} from './wal-names.ts'
import { planWal, type WalRequest } from './wal-plan.ts'

const SIZE = 2 ** 20
const system = '7300000000000000001'
const paths = repositoryPaths(system)
const at = (segment: number, byte = 0): string => formatLsn(BigInt(segment) * BigInt(SIZE) + BigInt(byte))

/** An index of `TIMELINE:SEGMENT` for whole segments and `TIMELINE:SEGMENT:FROM-TO` for pieces. */
function indexOf(objects: readonly string[], histories: readonly number[] = []): WalIndex {
  const read = objects.map((object) => {
    const [, timeline = '', segment = '', , from, to] = /^(\d+):(\d+)(:(\d+)-(\d+))?$/.exec(object) ?? []
    const name = segmentName(Number(timeline), BigInt(segment), SIZE)
    const storedAt = new Date(Number(segment) * 1000)
    const one = { timeline: Number(timeline), segment: name, path: paths.segment(name), storedAt }
    const [first, last] = [Number(from), Number(to)]
    return from === undefined ? one : { ...one, path: paths.tail(name, first, last), from: first, to: last }
  })
  return {
    segments: read.filter((one) => !('from' in one)),
    tails: read.filter((one) => 'from' in one),
    histories,
  }
}

function plan(objects: readonly string[], more: Partial<WalRequest> = {}): WalPlan {
  const index = indexOf(objects, [...(more.histories?.keys() ?? [])])
  const request = { system, index, histories: new Map(), timeline: 1, untilLsn: null, segmentBytes: SIZE }
  return planWal({ ...request, startLsn: at(2, 40), endLsn: at(2, 256), ...more })
}

const told = ({ segments }: WalPlan): string[] =>
  segments.map(
    ({ timeline, segment, bytes }) => `${timeline}:${parseSegmentName(segment, SIZE)?.number}:${bytes}`,
  )

const gap = (path: string) => (error: unknown) =>
  error instanceof RepositoryError && error.code === 'broken-chain' && error.path === path

suite('the log of a recovery', () => {
  test('segments from the start of the backup to the last piece', () => {
    const found = plan(['1:1', '1:2', '1:3', '1:4:0-100', '1:4:100-300', '1:4:0-50'])
    assert.deepEqual(told(found), [`1:2:${SIZE}`, `1:3:${SIZE}`, '1:4:300'])
    assert.equal(found.reachesTo, at(4, 300))
    assert.deepEqual(found.storedAt, new Date(4000))
    assert.deepEqual(
      found.segments[2]?.pieces.map(({ from, to }) => [from, to]),
      [
        [0, 100],
        [100, 300],
      ],
    )
  })

  test('a whole segment is read rather than its pieces, and pieces that overlap once', () => {
    const found = plan(['1:2', '1:2:0-100', '1:3:0-100', '1:3:50-200', '1:3:20-60'])
    assert.deepEqual(found.segments[0]?.pieces, [
      { path: paths.segment(segmentName(1, 2n, SIZE)), from: 0, to: SIZE },
    ])
    assert.deepEqual(
      found.segments[1]?.pieces.map(({ from, to }) => [from, to]),
      [
        [0, 100],
        [100, 200],
      ],
    )
  })

  test('a segment that thousands of pieces make up, as a quiet day or synchronous commits leave it, is joined', () => {
    const pieces = Array.from({ length: 20_000 }, (_, piece) => `1:2:${piece * 50}-${piece * 50 + 50}`)
    assert.deepEqual(told(plan(pieces)), ['1:2:1000000'])
  })

  test('a gap is named: a segment, the piece between two, or the end that the backup needs', () => {
    const name = (segment: bigint): string => segmentName(1, segment, SIZE)
    assert.throws(() => plan(['1:2', '1:4']), gap(paths.segment(name(3n))))
    assert.throws(() => plan(['1:3']), gap(paths.segment(name(2n))))
    assert.throws(() => plan([]), gap(paths.segment(name(2n))))
    assert.throws(() => plan(['1:2', '1:3:0-100', '1:3:200-300']), gap(paths.tail(name(3n), 100, 200)))
    assert.throws(() => plan(['1:2', '1:3:50-100']), gap(paths.tail(name(3n), 0, 50)))
    assert.throws(() => plan(['1:2', '1:3:0-100', '1:4']), gap(paths.tail(name(3n), 100, SIZE)))
    assert.throws(() => plan(['1:2:0-200']), gap(paths.tail(name(2n), 200, SIZE)))
    assert.throws(() => plan(['1:2'], { atLeastLsn: at(3, 1) }), gap(paths.segment(name(3n))))
  })

  test('to a moment of which the end is known no more is read, whatever is missing after it', () => {
    const found = plan(['1:2', '1:3', '1:5'], { untilLsn: at(3, 10), atLeastLsn: at(5, 10) })
    assert.deepEqual(told(found), [`1:2:${SIZE}`, `1:3:${SIZE}`])
  })

  test('the newest timeline that descends from the backup is followed, in its own files from where it begins', () => {
    const histories = new Map<number, readonly TimelineBranch[]>([
      [2, [{ timeline: 1, until: parseLsn(at(4, 500)) }]],
      [3, [{ timeline: 1, until: parseLsn(at(1)) }]],
    ])
    const found = plan(['1:2', '1:3', '1:4:0-500', '1:5', '2:4', '2:5:0-10'], { histories })
    assert.deepEqual(told(found), [`1:2:${SIZE}`, `1:3:${SIZE}`, `2:4:${SIZE}`, '2:5:10'])
    assert.equal(found.timeline, 2)
    assert.deepEqual(found.histories, [2])
    // Timeline 3 left before the backup: it is another's.
    assert.deepEqual(
      told(
        plan(['1:2', '3:2', '3:3'], {
          histories: new Map([...histories].filter(([timeline]) => timeline === 3)),
        }),
      ),
      [`1:2:${SIZE}`],
    )
    assert.throws(() => plan(['1:2', '2:2']), gap(paths.history(2)))
  })

  test('whatever objects are there, a plan has no gap and reaches what the backup needs, or is refused', () => {
    const object = fc.oneof(
      fc.integer({ min: 1, max: 6 }).map((segment) => `1:${segment}`),
      fc
        .tuple(fc.integer({ min: 1, max: 6 }), fc.nat(300), fc.integer({ min: 1, max: 300 }))
        .map(([segment, from, length]) => `1:${segment}:${from}-${from + length}`),
    )
    fc.assert(
      fc.property(fc.array(object, { maxLength: 14 }), (objects) => {
        let found: WalPlan
        try {
          found = plan(objects)
        } catch (error) {
          assert.ok(error instanceof RepositoryError && error.code === 'broken-chain')
          const named = readWalPath(system, error.path)
          assert.ok(named !== null && !indexOf(objects).segments.some(({ path }) => path === error.path))
          return
        }
        assert.ok(parseLsn(found.reachesTo) >= parseLsn(at(2, 256)))
        for (const [order, { segment, pieces, bytes }] of found.segments.entries()) {
          assert.equal(parseSegmentName(segment, SIZE)?.number, BigInt(2 + order))
          assert.ok(bytes === SIZE || order === found.segments.length - 1)
          let covered = 0
          for (const { from, to } of pieces) {
            assert.ok(from === covered && to > from)
            covered = to
          }
          assert.equal(covered, bytes)
        }
      }),
    )
  })
})

suite('names of the log', () => {
  test('segments, LSNs and numbers lead to each other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.bigInt({ min: 0n, max: 2n ** 39n }),
        fc.constantFrom(20, 24),
        (timeline, number, bits) => {
          const name = segmentName(timeline, number, 2 ** bits)
          assert.equal(name.length, 24)
          assert.deepEqual(parseSegmentName(name, 2 ** bits), { timeline, number })
        },
      ),
    )
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lsn) =>
        assert.equal(parseLsn(formatLsn(lsn)), lsn),
      ),
    )
    assert.equal(segmentName(1, 0x16n * 256n + 0xb3n, 2 ** 24), '0000000100000016000000B3')
    assert.equal(parseSegmentName('0000000100000016000001B3', 2 ** 24), null)
    assert.equal(parseSegmentName('0000000000000016000000B3', 2 ** 24), null)
    for (const bad of ['', '0', '0/', '/0', '123456789/0', '0/0/0', 'x/y'])
      assert.throws(() => parseLsn(bad), RangeError)
  })

  test('histories as PostgreSQL writes them', () => {
    const text = '1\t0/3000000\tno recovery target specified\n\n2\t0/5000148\tat restore point "x"\n'
    assert.deepEqual(parseHistory(text), [
      { timeline: 1, until: 0x3000000n },
      { timeline: 2, until: 0x5000148n },
    ])
    assert.deepEqual(parseHistory('# a comment\n'), [])
    for (const bad of ['1', '0\t0/1', '2\t0/2\n1\t0/3', '1\t0/3\n2\t0/2', 'one\t0/1'])
      assert.equal(parseHistory(bad), null, bad)
  })

  test('paths of the log are read back, and nothing else is', () => {
    const name = segmentName(3, 300n, 2 ** 24)
    assert.deepEqual(readWalPath(system, paths.segment(name)), { kind: 'segment', segment: name })
    assert.deepEqual(readWalPath(system, paths.tail(name, 16, 4096)), {
      kind: 'tail',
      segment: name,
      from: 16,
      to: 4096,
    })
    assert.deepEqual(readWalPath(system, paths.history(11)), { kind: 'history', timeline: 11 })
    const others = [
      `${system}/wal/00000001/${name}.obj`,
      `${system}/wal/${name}.obj`,
      `1/wal/00000003/${name}.obj`,
      `${paths.segment(name)}x`,
      paths.segment(name).toLowerCase(),
    ]
    for (const path of others) assert.equal(readWalPath(system, path), null, path)
  })
})
