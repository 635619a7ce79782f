import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openCoverage } from './coverage.ts'

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 30) + seconds * 1000)
const two = () =>
  openCoverage(
    new Map([
      ['one', 0n],
      ['two', 0n],
    ]),
  )

test('policy 6.2-b: the lag of a region is the time since the newest moment that it could restore alone', () => {
  const coverage = two()
  coverage.heard(100n, at(0))
  coverage.stored('one', { from: 0n, to: 100n })
  coverage.stored('two', { from: 0n, to: 60n })
  coverage.heard(200n, at(10))
  const lag = coverage.lag(at(12))
  assert.deepEqual(
    lag.map(({ region, lsn, recoverableTo, seconds }) => [
      region,
      lsn,
      recoverableTo?.getTime() ?? null,
      seconds,
    ]),
    [
      ['one', '0/64', at(0).getTime(), 12],
      ['two', '0/3C', null, null],
    ],
  )
  coverage.heard(100n, at(11))
  assert.equal(coverage.lag(at(12))[0]?.seconds, 12, 'an older word of the server changes nothing')
  coverage.stored('one', { from: 100n, to: 200n })
  coverage.heard(200n, at(20))
  assert.equal(coverage.lag(at(20))[0]?.seconds, 0, 'where nothing is written, nothing is lost')
})

test('a region that missed a piece stays where it was until the gap is filled', () => {
  const coverage = two()
  coverage.heard(10n, at(0))
  coverage.stored('one', { from: 0n, to: 10n })
  coverage.heard(30n, at(5))
  coverage.stored('one', { from: 20n, to: 30n })
  assert.equal(coverage.lag(at(6))[0]?.lsn, '0/A')
  coverage.stored('one', { from: 5n, to: 20n })
  assert.equal(coverage.lag(at(6))[0]?.lsn, '0/1E')
  assert.equal(coverage.lag(at(6))[0]?.seconds, 1)
})

test('a region of which nothing is known has no lag but null, and a strange region is not counted', () => {
  const coverage = openCoverage(new Map([['one', null]]))
  coverage.heard(10n, at(0))
  coverage.stored('elsewhere', { from: 0n, to: 10n })
  assert.deepEqual(coverage.lag(at(1)), [{ region: 'one', lsn: null, recoverableTo: null, seconds: null }])
})

test('in whatever order pieces are acknowledged, the same is covered', () => {
  const pieces = Array.from({ length: 12 }, (_, index) => ({
    from: BigInt(index * 10),
    to: BigInt(index * 10 + 10),
  }))
  fc.assert(
    fc.property(fc.shuffledSubarray(pieces), (stored) => {
      const coverage = openCoverage(new Map([['one', 0n]]))
      for (const span of stored) coverage.stored('one', span)
      let reach = 0n
      while (stored.some(({ from }) => from === reach)) reach += 10n
      assert.equal(coverage.lag(at(0))[0]?.lsn, `0/${reach.toString(16).toUpperCase()}`)
    }),
  )
})

test('marks of a region that is away for days stay few, and the newest stay exact', () => {
  const coverage = two()
  for (let second = 1; second <= 50_000; second++) coverage.heard(BigInt(second), at(second))
  coverage.stored('one', { from: 0n, to: 49_999n })
  assert.equal(coverage.lag(at(50_000))[0]?.seconds, 1)
  coverage.stored('two', { from: 0n, to: 10_000n })
  const behind = coverage.lag(at(50_000))[1]?.seconds ?? 0
  assert.ok(behind >= 40_000 && behind < 50_000, `never less than it is: ${behind}`)
})
