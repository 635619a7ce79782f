import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { listenFor, openDatabase, openNoticeBoard } from '../../db/index.ts'
import { openAccess } from '../access.ts'
import { testAccess, type TestAccess } from '../access.fixture.ts'
import { directDoor } from '../direct-door.ts'
import { accessRoutes } from '../routes.ts'
import type { AccessSystem } from './observed-system.ts'
import { sessionsExpire, sessionsListed, signOutEnds } from './session-controls.ts'

suite('controls of sessions, of a process that keeps sessions in memory', () => {
  let it: TestAccess
  let system: AccessSystem
  let close: () => Promise<void>

  before(async () => {
    it = await testAccess({ 'password.bcrypt-cost': 10 })
    const notices = openNoticeBoard()
    const db = openDatabase(it.url, () => {}, { onNotice: notices.sending })
    const stop = await listenFor(
      it.url,
      {
        session_revoked: (payload) => notices.heard('session_revoked', payload),
        access_changed: (payload) => notices.heard('access_changed', payload),
      },
      {
        reconnected: notices.interrupted,
        lost: notices.interrupted,
        pulse: { everyMs: 50, heard: notices.confirmed },
      },
    )
    while (notices.unsureForMs() > 700) await pause(5)
    const parts = { ...it, db, notices, hasher: { ...it.hasher, close: async () => {} } }
    const access = openAccess(parts)
    system = { parts, access, door: directDoor(access, it.clock), routes: accessRoutes(access) }
    close = async () => {
      await access.close()
      await stop()
      await db.destroy()
    }
  })
  after(async () => {
    await close()
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
