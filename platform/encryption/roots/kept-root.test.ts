import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { generateDataKey, keyFingerprint } from '#envelope'
import { fakeClock } from '../../kernel/clock.ts'
import { Problem, type ProblemCode } from '../../kernel/problem.ts'
import { openBreaker } from './breaker.ts'
import { testKeeper } from './keeper.fixture.ts'
import { describeWrapped } from './kept-key.ts'
import { keptRoot } from './kept-root.ts'
import type { RootUse } from './root.ts'

const LIMITS = { callMs: 60, triesMax: 2, pauseMs: 1, failuresMax: 3, openSeconds: 10 }
const LABEL = { tenant: 'a', purpose: 'tenant', version: 1 }

function opened() {
  const keeper = testKeeper()
  const clock = fakeClock()
  const uses: RootUse[] = []
  const root = keptRoot(keeper, { clock, limits: LIMITS, used: (use) => uses.push(use) })
  return { keeper, clock, uses, root }
}

function code(wanted: ProblemCode) {
  return (error: unknown) => error instanceof Problem && error.code === wanted
}

suite('policy 2.2-d: a root key at a keeper', () => {
  test('wraps a key so that it opens under its label alone, before and after a rotation', async () => {
    const { root } = opened()
    const key = generateDataKey()
    const wrapped = await root.wrap(LABEL, key)
    assert.ok((await root.unwrap(LABEL, wrapped)).equals(key))
    for (const other of [{ tenant: 'b' }, { purpose: 'data' }, { version: 2 }])
      await assert.rejects(root.unwrap({ ...LABEL, ...other }, wrapped), code('encryption.unreadable'))
    await root.rotate()
    assert.equal((await root.health()).versions, 2)
    assert.ok((await root.unwrap(LABEL, wrapped)).equals(key))
    const [again] = await root.rewrap([{ label: LABEL, wrapped }])
    assert.ok(again !== undefined && !again.equals(wrapped))
    assert.ok((await root.unwrap(LABEL, again)).equals(key))
  })

  test('says of what it wrapped which root and which key it was, and nothing else', async () => {
    const { root } = opened()
    const key = generateDataKey()
    const wrapped = await root.wrap(LABEL, key)
    assert.deepEqual(describeWrapped(wrapped), {
      rootFingerprint: root.fingerprint,
      keyFingerprint: keyFingerprint(key),
    })
    assert.equal(wrapped.includes(key.export()), false)
  })

  test('refuses every changed byte and every other length', async () => {
    const { root } = opened()
    const wrapped = await root.wrap(LABEL, generateDataKey())
    for (let at = 0; at < wrapped.length; at += 1) {
      const changed = Buffer.from(wrapped)
      changed[at] = (changed[at] ?? 0) ^ 1
      await assert.rejects(root.unwrap(LABEL, changed), code('encryption.unreadable'), `byte ${at}`)
      await assert.rejects(root.unwrap(LABEL, wrapped.subarray(0, at)), code('encryption.unreadable'))
    }
  })

  test('a disabled, deleted, missing or forbidden key is told as it is, at once and without another try', async () => {
    for (const refusal of ['disabled', 'pending-deletion', 'missing', 'denied'] as const) {
      const { root, keeper } = opened()
      const wrapped = await root.wrap(LABEL, generateDataKey())
      keeper.refuse(refusal)
      const before = keeper.calls()
      await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-disabled'))
      await assert.rejects(root.wrap(LABEL, generateDataKey()), code('encryption.root-disabled'))
      assert.equal(keeper.calls() - before, 2)
      const { state, problem } = await root.health()
      assert.equal(state, refusal === 'pending-deletion' ? refusal : 'disabled')
      assert.equal(problem, `It is ${refusal}.`)
      keeper.refuse(null)
      await root.unwrap(LABEL, wrapped)
    }
  })

  test('a keeper that never answers costs a bounded time, and is not waited for again until a probe finds it back', async () => {
    const { root, keeper, clock } = opened()
    const wrapped = await root.wrap(LABEL, generateDataKey())
    keeper.refuse('silent')
    const began = performance.now()
    for (let tries = 0; tries < LIMITS.failuresMax; tries += 1)
      await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-unreachable'))
    // Six calls of 60 ms; without a limit they would never end.
    assert.ok(performance.now() - began < 20_000)
    const asked = keeper.calls()
    const refused = await root.unwrap(LABEL, wrapped).catch((error: unknown) => error)
    assert.ok(refused instanceof Problem && refused.retryAfterSeconds === 10)
    assert.equal(keeper.calls(), asked)
    assert.equal((await root.health()).state, 'unreachable')
    clock.advanceSeconds(LIMITS.openSeconds)
    await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-unreachable'))
    await assert.rejects(root.unwrap(LABEL, wrapped), code('encryption.root-unreachable'))
    assert.equal(keeper.calls(), asked + 2, 'one look at its health and one probe')
    keeper.refuse(null)
    clock.advanceSeconds(LIMITS.openSeconds)
    await root.unwrap(LABEL, wrapped)
  })

  test('a keeper that stumbles once is asked again; a rotation is not, since it may have happened', async () => {
    const { root, keeper } = opened()
    keeper.stumble()
    await root.wrap(LABEL, generateDataKey())
    keeper.stumble()
    await assert.rejects(root.rotate(), code('encryption.root-unreachable'))
  })

  test('every request that was served is told with its number and without any key', async () => {
    const { root, uses } = opened()
    await root.unwrap(LABEL, await root.wrap(LABEL, generateDataKey()))
    await root.health()
    assert.deepEqual(
      uses.map(({ action, request }) => [action, request]),
      [
        ['wrap', 'request-1'],
        ['unwrap', 'request-2'],
        ['describe', 'request-3'],
      ],
    )
  })
})

test('a breaker lets at most one probe through while it is open, and everything after an answer', () => {
  const steps = fc.array(fc.constantFrom('enter', 'worked', 'failed', 'wait'), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (all) => {
      const clock = fakeClock()
      const breaker = openBreaker(clock, { failuresMax: 2, openSeconds: 5 })
      let [inRow, under] = [0, 0]
      for (const step of all) {
        if (step === 'wait') clock.advanceSeconds(5)
        else if (step === 'enter') {
          const before = breaker.state()
          const entered = breaker.enter()
          if (before === 'closed') assert.equal(entered, true)
          if (before === 'open') assert.equal(entered, false)
          if (before === 'half-open' && entered) assert.ok((under += 1) <= 1)
        } else {
          inRow = step === 'worked' ? 0 : inRow + 1
          under = 0
          breaker[step]()
          assert.equal(breaker.state(), inRow >= 2 ? 'open' : 'closed')
        }
      }
    }),
    { numRuns: 200 },
  )
})
