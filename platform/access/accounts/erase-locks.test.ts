import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import {
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { lockWorkspace } from '../people/queries.ts'
import { lockWaits } from './erasure.fixture.ts'
import { lockAccount } from './queries.ts'
import { leaverById } from '../leavers/queries.ts'

suite('locks of erasures', () => {
  let it: TestAccess
  let owner: TestPerson
  beforeEach(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  afterEach(() => it.close())

  test('a stranger to the workspace whom somebody tries to erase may join it meanwhile', async () => {
    const agent = await invitedPerson(it, owner, 'stranger@sample.invalid', 'agent')
    await it.db.deleteFrom('membership').where('account_id', '=', agent.id).execute()
    const context = await owner.context()
    let asked: Promise<unknown> = Promise.resolve()
    // As giveRole does for an invitation: the workspace, then the account.
    await it.db.transaction().execute(async (tx) => {
      await lockWorkspace(tx, owner.workspace)
      asked = it.access.erasure.eraseMember(context, agent.id).catch((error: unknown) => error)
      await lockWaits(it.db, 1)
      await lockAccount(tx, agent.id)
    })
    assert.equal(((await asked) as { code: string }).code, 'resource.unknown')
  })

  test('a departure that ends credentials holds nothing of it while it waits for the account', async () => {
    const agent = await invitedPerson(it, owner, 'both@sample.invalid', 'agent')
    const context = await owner.context()
    const { leavers } = it.access
    const of = { account: agent.id, workspace: owner.workspace }
    const manual = { reason: 'manual', cause: owner.id } as const
    const id = await it.db.transaction().execute((tx) => leavers.deny(tx, context, of, manual))
    let ended: Promise<unknown> = Promise.resolve()
    // As an erasure removes an account: the account, and with it its departures.
    await it.db.transaction().execute(async (tx) => {
      await lockAccount(tx, agent.id)
      ended = leavers.carryOn(context, id).catch((error: unknown) => error)
      await lockWaits(it.db, 1)
      await leaverById(tx, id, true)
    })
    assert.equal(((await ended) as { stillLive?: number }).stillLive, 0)
  })
})
