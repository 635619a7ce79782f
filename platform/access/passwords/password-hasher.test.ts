import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { Problem } from '../../kernel/problem.ts'
import { openHashPool } from './hash-pool.ts'
import { hashCost, openPasswordHasher, type StoredPassword } from './password-hasher.ts'
import { peppersOf, type Peppers } from './pepper.ts'

const pepper = (fill: number): Peppers => {
  const make = (version: number) => ({ version, key: createSecretKey(Buffer.alloc(32, fill + version)) })
  return peppersOf([make(1)], async (version) => make(version))
}

suite('password hashes', () => {
  const hasher = openPasswordHasher(pepper(1))
  after(() => hasher.close())

  test('policy 3.3-b: a hash is bcrypt of the given cost with a salt of its own', async () => {
    const [one, two] = [await hasher.hash('Sample-pass-2026', 10), await hasher.hash('Sample-pass-2026', 10)]
    assert.match(one.password_hash, /^\$2b\$10\$[./A-Za-z0-9]{53}$/)
    assert.notEqual(one.password_hash, two.password_hash)
    assert.equal(hashCost((await hasher.hash('x', 12)).password_hash), 12)
    assert.equal(await hasher.verify('Sample-pass-2026', one, 10), true)
    assert.equal(await hasher.verify('Sample-pass-2027', one, 10), false)
  })

  test('policy 3.3-b: every character counts, far beyond 72 bytes and after a zero byte', async () => {
    const long = `${'a'.repeat(255)}b`
    const stored = await hasher.hash(long, 4)
    assert.equal(await hasher.verify(`${'a'.repeat(255)}c`, stored, 4), false)
    assert.equal(await hasher.verify(`${long.slice(0, 72)}JUNK`, stored, 4), false)
    assert.equal(await hasher.verify(long, stored, 4), true)
    const zero = await hasher.hash('before\0after', 4)
    assert.equal(await hasher.verify('before\0other', zero, 4), false)
  })

  test('policy 3.3-b: without the pepper a hash opens nothing; another form of the same characters does', async () => {
    const other = openPasswordHasher(pepper(7))
    const stored = await hasher.hash('Ｓample-pass', 4)
    assert.equal(await other.verify('Ｓample-pass', stored, 4), false)
    assert.equal(await hasher.verify('Sample-pass', stored, 4), true)
    await other.close()
  })

  test('policy 3.3-d: an unknown account and an old, cheap hash take as long as a right cost', async () => {
    const cost = 9
    const cheap = await hasher.hash('Sample-pass-2026', 5)
    const exact = await hasher.hash('Sample-pass-2026', cost)
    const taken = async (stored: StoredPassword | null): Promise<number> => {
      const started = process.cpuUsage()
      assert.equal(await hasher.verify('Wrong-pass-2026', stored, cost), false)
      const used = process.cpuUsage(started)
      return used.user + used.system
    }
    const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[7] ?? 0
    const [right, ...others]: [number[], ...number[][]] = [[], [], []]
    // In turns, since the same work takes longer while a neighbour of the processor is busy.
    for (let at = 0; at < 15; at += 1)
      for (const [times, stored] of [
        [right, exact],
        [others[0], null],
        [others[1], cheap],
      ] as const)
        times?.push(await taken(stored))
    for (const other of others.map(median)) {
      const [low, high] = [median(right) * 0.7, median(right) * 1.4]
      assert.ok(other > low && other < high, `${other} µs beside ${median(right)} µs`)
    }
  })

  test('policy 3.3-b: a flood is refused above 32 waiting, and the event loop stays free', async () => {
    const flooded = openPasswordHasher(pepper(1), openHashPool({ shareMax: 32 }))
    await flooded.verify('warm', null, 4)
    const [all, here] = [process.cpuUsage(), process.threadCpuUsage()]
    const results = await Promise.allSettled(
      Array.from({ length: 200 }, () => flooded.verify('Wrong-pass-2026', null, 8)),
    )
    const [allUsed, hereUsed] = [process.cpuUsage(all).user, process.threadCpuUsage(here).user]
    const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    assert.ok(refused.length >= 200 - 34 && refused.length < 200)
    for (const one of refused) {
      assert.ok(one instanceof Problem && (one.code === 'request.too-many' || one.code === 'access.busy'))
      assert.ok((one.retryAfterSeconds ?? 0) > 0)
    }
    // Passwords hashed on this thread would be nearly all of it.
    assert.ok(hereUsed < allUsed / 2, `${hereUsed} of ${allUsed} µs were taken on the thread of requests`)
    await flooded.close()
  })
})
