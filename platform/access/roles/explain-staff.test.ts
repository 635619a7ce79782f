import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstPerson, invitedPerson, testAccess } from '../access.fixture.ts'

test('a workspace is not told what its member is among the provider’s staff', async () => {
  const it = await testAccess()
  try {
    const owner = await firstPerson(it)
    const asking = await invitedPerson(it, owner, 'curious@example.org', 'agent')
    for (const permission of ['platform.staff', 'policy.check'] as const) {
      const wanted = { permission, account: owner.id }
      const told = await it.access.roles.explain(await asking.context(), wanted)
      assert.equal(told.allowed, false)
      assert.deepEqual(told.sources, [])
      // Oneself is told.
      const own = await it.access.roles.explain(await owner.context(), wanted)
      assert.deepEqual(
        own.sources.map(({ what }) => what),
        ['administrator'],
      )
    }
  } finally {
    await it.close()
  }
})
