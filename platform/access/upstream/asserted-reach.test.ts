import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FactorKind } from '../../kernel/caller.ts'
import {
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

suite('policy 3.1-0: what one workspace’s identity provider asserts opens nothing of anybody else’s', () => {
  let it: TestAccess
  let owner: TestPerson
  let elsewhere: string
  let count = 0

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    elsewhere = (await it.access.workspaces.makeSample(await owner.context())).id
  })
  after(() => it.close())

  /** A member whose session was begun on the word of the provider, as `beginAsserted` stores it. */
  const asserted = async (factors: readonly FactorKind[] = ['upstream', 'upstream-second']) => {
    count += 1
    const person = await invitedPerson(it, owner, `asserted-${count}@example.org`, 'agent')
    await it.db
      .updateTable('session')
      .set({ factors: [...factors] })
      .where('account_id', '=', person.id)
      .execute()
    assert.equal((await person.context()).caller.level, 'full')
    return person
  }
  const joinElsewhere = async (person: TestPerson): Promise<void> => {
    const wish = { account: person.id, workspace: elsewhere, role: 'agent', via: 'console' } as const
    const context = await owner.context()
    await it.db.transaction().execute((tx) => it.access.roles.give(tx, context, wish))
  }

  test('it ends when the person joins another workspace, whose data it never reaches', async () => {
    const person = await asserted()
    await joinElsewhere(person)
    assert.equal((await person.context()).caller.kind, 'anonymous')
  })

  test('it ends when the person joins the provider’s staff', async () => {
    const person = await asserted()
    const { id: account } = person
    const context = await owner.context()
    const elevated = { ...context, caller: { ...context.caller, staffRole: 'administrator' as const } }
    await it.access.people.changeStaffRole(elevated, account, 'staff-auditor')
    assert.equal((await person.context()).caller.kind, 'anonymous')
  })

  test('an invitation to another workspace is accepted with a factor of ours only', async () => {
    const person = await asserted()
    const there = { ...(await owner.context()) }
    const inviting = { ...there, caller: { ...there.caller, workspaceId: elsewhere } }
    const made = await it.access.people.invite(inviting, { email: person.email, role: 'agent' })
    await assert.rejects(it.access.accept(await person.context(), made.token), {
      code: 'access.step-up-needed',
    })
    assert.equal((await person.context()).caller.kind, 'account')
  })

  test('a session that proved a factor of ours besides goes on, and other sessions are left alone', async () => {
    for (const factors of [
      ['upstream', 'upstream-second', 'totp'],
      ['password', 'totp'],
    ] as const) {
      const person = await asserted(factors)
      await joinElsewhere(person)
      assert.equal((await person.context()).caller.kind, 'account')
    }
  })
})
