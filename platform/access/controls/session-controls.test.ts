import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testAccess, type TestAccess } from '../access.fixture.ts'
import { anotherProcess, type AnotherProcess } from '../another-process.fixture.ts'
import { accessRoutes } from '../routes.ts'
import type { AccessSystem } from './observed-system.ts'
import { sessionsExpire, sessionsListed, signOutEnds } from './session-controls.ts'

suite('controls of sessions, of a process that keeps sessions in memory', () => {
  let it: TestAccess
  let system: AccessSystem
  let other: AnotherProcess

  before(async () => {
    it = await testAccess({ 'password.bcrypt-cost': 10 })
    other = await anotherProcess(it, { pulseMs: 50 })
    system = { ...other, routes: accessRoutes(other.access) }
  })
  after(async () => {
    await other.close()
    await it.close()
  })

  for (const one of [sessionsExpire, signOutEnds, sessionsListed])
    test(`policy ${one.clauses.join(', ')}: ${one.id} passes, and finds a memory that is deaf`, async () => {
      const good = await one.check(system)
      assert.equal(good.result, 'pass', good.saw)
      const bad = await one.knownBad(system)
      assert.equal(bad.result, 'fail', bad.saw)
    })

  test('policy 3.4-b: how long a revocation takes to reach another process is measured', async () => {
    const { metrics } = await signOutEnds.check(system)
    assert.equal(typeof metrics['elsewhereAfterMs'], 'number')
    assert.ok(Number(metrics['elsewhereAfterMs']) < 1000)
    assert.ok(Number(metrics['slowestNoticeMs']) < 1000)
  })
})
