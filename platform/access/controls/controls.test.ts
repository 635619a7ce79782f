import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { accessRoutes } from '../routes.ts'
import { firstPerson, testAccess, type TestAccess } from '../access.fixture.ts'
import { accessControls, accessDeclarations } from './index.ts'
import type { AccessSystem } from './observed-system.ts'

suite('controls of chapter 3', () => {
  let it: TestAccess
  let system: AccessSystem

  before(async () => {
    it = await testAccess({ 'password.bcrypt-cost': 10 })
    await firstPerson(it)
    system = { parts: it, access: it.access, door: it.door, routes: accessRoutes(it.access) }
  })
  after(() => it.close())

  const rows = async () => ({
    accounts: (await it.db.selectFrom('account').select('id').execute()).length,
    open: (await it.db.selectFrom('session').select('id').where('ended_at', 'is', null).execute()).length,
    keys: (await it.db.selectFrom('api_key').select('id').execute()).length,
  })

  for (const one of accessControls) {
    test(`policy ${one.clauses.join(', ')}: ${one.id} passes on the running system, fails on a broken one, and leaves nothing behind`, async () => {
      const left = await rows()
      const good = await one.check(system)
      assert.equal(good.result, 'pass', good.saw)
      assert.equal(good.scope.coverage, 1)
      const bad = await one.knownBad(system)
      assert.equal(bad.result, 'fail', bad.saw)
      assert.deepEqual(await rows(), left)
    })
  }

  test('policy 3: every clause of the chapter has exactly one control or declaration', () => {
    const all = [
      ...accessControls.flatMap((one) => one.clauses),
      ...accessDeclarations.map((one) => one.clause),
    ]
    const chapter =
      '3.1-0 3.1-a 3.1-b 3.1-c 3.2-0 3.2-a 3.2-b 3.2-c 3.2-d 3.3-0 3.3-a 3.3-b 3.3-c 3.3-d 3.4-a 3.4-b 3.4-c 4.3-a.2 8.1-b'
    assert.deepEqual(
      all.toSorted((a, b) => a.localeCompare(b)),
      chapter.split(' '),
    )
  })

  test('the protected service never hears of the workspace that checks act in', async () => {
    assert.equal((await it.access.workspaces.tenants()).length, 1)
  })
})
