import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { openHashPool } from './hash-pool.ts'
import { openFairLine } from './fair-line.ts'

const LIMITS = { max: 8, shareMax: 4 } as const

suite('a line in which networks take turns', () => {
  test('policy 3.3-d: one network’s flood delays everybody else by one turn, not by its length', () => {
    const line = openFairLine<string>({ max: 32, shareMax: 8 }, () => {})
    for (let at = 0; at < 8; at += 1) assert.equal(line.join('flood', `flood ${at}`), 'taken')
    assert.equal(line.join('flood', 'one more'), 'own-share')
    line.join('home', 'home 0')
    line.join('office', 'office 0')
    assert.deepEqual(
      [line.next(), line.next(), line.next(), line.next()],
      ['flood 0', 'home 0', 'office 0', 'flood 1'],
    )
  })

  test('policy 3.3-d: in a full line the longest gives up its newest place to a shorter one', () => {
    const out: string[] = []
    const line = openFairLine<string>(LIMITS, (one) => out.push(one))
    for (let at = 0; at < 4; at += 1) {
      line.join('a', `a${at}`)
      line.join('b', `b${at}`)
    }
    assert.equal(line.join('c', 'c0'), 'taken')
    assert.deepEqual(out, ['a3'])
    assert.equal(line.length, 8)
    const even = openFairLine<string>(LIMITS, () => assert.fail('nobody has more than one'))
    for (let at = 0; at < 8; at += 1) even.join(`network ${at}`, 'x')
    assert.equal(even.join('another', 'x'), 'full')
  })

  test('policy 3.3-d: whatever joins and leaves, the limits hold, nobody is lost and each network keeps its order', () => {
    const step = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constant('next'))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const inside = new Set<string>()
        let count = 0
        const line = openFairLine<string>(LIMITS, (one) => assert.ok(inside.delete(one)))
        const served: string[] = []
        for (const one of steps) {
          if (one === 'next') {
            const item = line.next()
            assert.equal(item === undefined, inside.size === 0)
            if (item !== undefined && inside.delete(item)) served.push(item)
          } else {
            count += 1
            const name = `${one} ${String(count).padStart(3, '0')}`
            if (line.join(one, name) === 'taken') inside.add(name)
          }
          assert.equal(line.length, inside.size)
          assert.ok(inside.size <= LIMITS.max)
        }
        for (const network of ['a', 'b', 'c', 'd', 'e']) {
          const own = served.filter((one) => one.startsWith(network))
          assert.deepEqual(own, own.toSorted())
          assert.ok([...inside].filter((one) => one.startsWith(network)).length <= LIMITS.shareMax)
        }
        assert.deepEqual(new Set(line.clear()), inside)
      }),
    )
  })

  test('policy 3.3-d: in a flood another network’s password is hashed after a turn', async () => {
    const pool = openHashPool({ workersMax: 1 })
    const work = { input: 'x', cost: 8 }
    await pool.run({ input: 'warm', cost: 4 })
    const order: string[] = []
    const flood = Array.from({ length: 9 }, (_, at) =>
      pool.run(work, 'flood').then(() => order.push(`flood ${at}`)),
    )
    const home = pool.run(work, 'home').then(() => order.push('home'))
    await assert.rejects(pool.run(work, 'flood'), { code: 'request.too-many' })
    await Promise.all([...flood, home])
    assert.equal(order.indexOf('home') <= 2, true, order.join(', '))
    await pool.close()
  })

  test('a thread that nobody needs ends, and the next password gets a new one', async () => {
    const pool = openHashPool({ workersMax: 1, idleMs: 1 })
    for (const _ of [1, 2, 3]) {
      const started = once(process, 'worker') as Promise<[Worker]>
      const hashed = pool.run({ input: 'x', cost: 4 })
      const [thread] = await started
      const ended = once(thread, 'exit')
      assert.match((await hashed).hash, /^\$2b\$04\$/)
      await ended
    }
    await pool.close()
  })
})
