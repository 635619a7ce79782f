import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { listenFor, openDatabase, openNoticeBoard } from '../../db/index.ts'
import { permissions, type Permission } from '../../kernel/permission.ts'
import { openAccess, type Access } from '../access.ts'
import {
  callerOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { brokenDuty, SHIPPED_DUTIES } from './duties.ts'
import { ELIGIBLE } from '../elevation/eligible.ts'
import { bitsOf, eitherOf } from '../../kernel/permission-set.ts'
import { bitsOfRole, bitsOfStaffRole } from './rights.ts'
import { STAFF_ROLES, WORKSPACE_ROLES } from './role-table.ts'

suite('changed rights reach every process', () => {
  let it: TestAccess
  let owner: TestPerson
  let other: Access
  let stop: () => Promise<void>

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    const board = openNoticeBoard()
    const db = openDatabase(it.url, () => {}, { onNotice: board.sending })
    const stopListening = await listenFor(
      it.url,
      {
        session_revoked: (payload) => board.heard('session_revoked', payload),
        access_changed: (payload) => board.heard('access_changed', payload),
      },
      {
        reconnected: board.interrupted,
        lost: board.interrupted,
        retryMs: 50,
        pulse: { everyMs: 20, heard: board.confirmed },
      },
    )
    other = openAccess({ ...it, db, hasher: { ...it.hasher, close: async () => {} }, notices: board })
    while (board.unsureForMs() > 750) await pause(5)
    stop = async () => {
      await stopListening()
      await other.close()
      await db.destroy()
    }
  })
  after(async () => {
    await stop()
    await it.close()
  })

  /** Waits until another process answers so; throws after a second. */
  async function within(person: TestPerson, permission: Permission, allowed: boolean): Promise<void> {
    const began = performance.now()
    while ((await callerOf(other, person.token)).permissions.has(permission) !== allowed) {
      assert.ok(performance.now() - began < 1000, `${permission} is not ${allowed} after a second`)
      await pause(2)
    }
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
