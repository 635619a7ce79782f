import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Control, Observation } from '../../kernel/control.ts'
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

  /** The check looks at real seconds, of which a busy machine may take one away; what fails each time is a finding. */
  const seenBy = async (one: Control<AccessSystem>): Promise<Observation> => {
    let seen = await one.check(system)
    for (let tries = 0; tries < 2 && seen.result !== 'pass'; tries += 1) seen = await one.check(system)
    return seen
  }

  for (const one of [sessionsExpire, signOutEnds, sessionsListed])
    test(`policy ${one.clauses.join(', ')}: ${one.id} passes, and finds a memory that is deaf`, async () => {
      const good = await seenBy(one)
      assert.equal(good.result, 'pass', good.saw)
      const bad = await one.knownBad(system)
      assert.equal(bad.result, 'fail', bad.saw)
    })

  test('policy 3.4-b: how long a revocation takes to reach another process is measured', async () => {
    const { metrics } = await seenBy(signOutEnds)
    assert.equal(typeof metrics['elsewhereAfterMs'], 'number')
    assert.ok(Number(metrics['elsewhereAfterMs']) < 1000)
    assert.equal(typeof metrics['slowestNoticeMs'], 'number')
  })
})
