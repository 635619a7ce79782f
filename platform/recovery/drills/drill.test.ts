import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { drillRig, type DrillRig } from './drill-rig.fixture.ts'

suite('drills', () => {
  let rig: DrillRig
  before(async () => {
    rig = await drillRig()
  })
  after(() => rig.close())

  test('policy 6.2-a, 6.2-c: all fourteen points pass on a sound system, and nothing stays', async () => {
    const report = await rig.drill()
    assert.deepEqual(
      report.points.filter(({ result }) => result !== 'passed'),
      [],
    )
    assert.equal(report.points.length, 14)
    assert.ok(report.passed)
    assert.deepEqual(await readdir(rig.parts.scratch), [])
  })
})
