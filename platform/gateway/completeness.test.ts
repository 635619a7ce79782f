import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { completenessOf, openReconciliation } from './completeness.ts'
import { ask, testGateway } from './gateway.fixture.ts'

const change = (at: number, route = 'POST /api/sample') => ({ requestId: `request-${at}`, route })

suite('policy 4.3-a.4: answered requests are compared with lines, and changes with events', () => {
  test('each change is asked about once, and one that left nothing is missing for good', async () => {
    const asked: string[] = []
    const recorded = async (ids: readonly string[]): Promise<readonly string[]> => {
      asked.push(...ids)
      return ids.filter((id) => id !== 'request-3')
    }
    const reconciliation = openReconciliation(recorded)
    for (let at = 0; at < 1200; at += 1) reconciliation.add(change(at, at === 3 ? 'PUT /api/careless' : ''))
    const first = await reconciliation.settle()
    assert.deepEqual(
      { ...first },
      { expected: 1200, recorded: 1199, missing: 1, unchecked: 0, missingAt: ['PUT /api/careless'] },
    )
    reconciliation.add(change(1200))
    const { missing, recorded: more } = await reconciliation.settle()
    assert.deepEqual([missing, more, asked.length], [1, 1200, 1201])
    assert.equal(completenessOf({ arrived: 9, underWay: 1, logged: 8 }, first).complete, false)
  })

  test('what could not be asked about, or not be remembered, never counts as recorded', async () => {
    let away = true
    const reconciliation = openReconciliation(async (ids) => {
      if (away) throw new Error('away')
      return ids
    })
    for (let at = 0; at < 20_005; at += 1) reconciliation.add(change(at))
    await assert.rejects(reconciliation.settle(), /away/)
    away = false
    const counts = await reconciliation.settle()
    assert.deepEqual([counts.expected, counts.recorded, counts.unchecked], [20_005, 20_000, 5])
  })

  test('lines that are lost show', () => {
    const none = { expected: 0, recorded: 0, missing: 0, unchecked: 0, missingAt: [] }
    const { complete, requests } = completenessOf({ arrived: 10, underWay: 1, logged: 7 }, none)
    assert.deepEqual([complete, requests.answered, requests.missing], [false, 9, 2])
    assert.equal(completenessOf({ arrived: 10, underWay: 1, logged: 9 }, none).complete, true)
  })

  test('the running gateway counts a change of a known caller, and a refusal as none', async () => {
    const at = await testGateway()
    try {
      const headers = {
        cookie: '__Host-surety=full',
        'surety-form': 'full',
        origin: `https://localhost:${at.port}`,
      }
      await ask(at, '/api/sample/setting', { method: 'PUT', headers })
      await ask(at, '/api/sample/setting', { method: 'PUT', headers: { ...headers, 'surety-form': '' } })
      const { events, requests } = await at.gateway.completeness()
      // Nobody was told where events are kept, so the change counts as one that left none.
      assert.deepEqual(
        [events.expected, events.missing, events.missingAt],
        [1, 1, ['PUT /api/sample/setting']],
      )
      assert.ok(requests.answered >= 1 && requests.missing === 0)
    } finally {
      await at.close()
    }
  })
})
