import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { permissions, type Permission } from '../../kernel/permission.ts'
import {
  callerOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { anotherProcess, type AnotherProcess } from '../another-process.fixture.ts'
import { msUntil } from '../patient-time.fixture.ts'
import { brokenDuty, SHIPPED_DUTIES } from './duties.ts'
import { ELIGIBLE } from '../elevation/eligible.ts'
import { bitsOf, eitherOf } from '../../kernel/permission-set.ts'
import { bitsOfRole, bitsOfStaffRole } from './rights.ts'
import { STAFF_ROLES, WORKSPACE_ROLES } from './role-table.ts'

suite('changed rights reach every process', () => {
  let it: TestAccess
  let owner: TestPerson
  let other: AnotherProcess

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    other = await anotherProcess(it)
  })
  after(async () => {
    await other.close()
    await it.close()
  })

  /** Waits until another process answers so; throws after a second. */
  async function within(person: TestPerson, permission: Permission, allowed: boolean): Promise<void> {
    const isSo = async () =>
      (await callerOf(other.access, person.token)).permissions.has(permission) === allowed
    assert.ok((await msUntil(isSo, 1000)) < 1000, `${permission} is not ${allowed} after a second`)
  }

  test('policy 3.2-a: a changed role, a changed grant and a suspension count in every process within a second', async () => {
    const context = await owner.context()
    const wish = {
      name: 'Sample role',
      permissions: ['rule.read'],
      jobFunctions: ['customer service'],
    } as const
    const role = await it.access.roles.make(context, wish)
    const person = await invitedPerson(it, owner, 'live@example.org', role)
    await within(person, 'rule.read', true)
    await it.access.roles.change(context, role, { ...wish, permissions: ['channel.read'] })
    await within(person, 'rule.read', false)
    await within(person, 'channel.read', true)
    await it.access.people.changeRole(await owner.context(), person.id, 'agent')
    await within(person, 'conversation.reply', true)
    await it.access.people.suspend(await owner.context(), person.id)
    await within(person, 'conversation.reply', false)
  })

  test('policy 3.2-a: the built-in roles, with everything they may be elevated to one at a time, obey the shipped rules', () => {
    for (const role of Object.keys(WORKSPACE_ROLES) as (keyof typeof WORKSPACE_ROLES)[])
      for (const staff of Object.keys(STAFF_ROLES) as (keyof typeof STAFF_ROLES)[])
        for (const elevated of [[], ...ELIGIBLE[staff].map((one) => [one])]) {
          const held = eitherOf(bitsOfRole(role), bitsOfStaffRole(staff), bitsOf(elevated))
          assert.equal(brokenDuty(SHIPPED_DUTIES, held), undefined, `${role} ${staff} ${elevated.join()}`)
        }
    for (const { one, other } of SHIPPED_DUTIES)
      assert.ok(Object.hasOwn(permissions, one) && Object.hasOwn(permissions, other) && one !== other)
  })
})
