import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import {
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

suite('people who do not want to leave', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  /** Gives somebody very many grants, as a program that asks again and again would. */
  async function manyGrants(person: TestPerson, count: number): Promise<void> {
    const at = it.clock.now()
    const row = {
      kind: 'Grant',
      account_id: person.id,
      created_at: at,
      expires_at: new Date(at.getTime() + 9e8),
    }
    const rows = Array.from({ length: count }, () => ({ ...row, id_hash: randomBytes(32) }))
    for (let from = 0; from < count; from += 1000)
      await it.db
        .insertInto('oauth_artifact')
        .values(rows.slice(from, from + 1000))
        .execute()
  }

  test('policy 3.2-c: whoever holds thousands of credentials leaves like everybody else', async () => {
    const person = await invitedPerson(it, owner, 'hoarder@example.org', 'agent')
    await manyGrants(person, 1500)
    const departure = await it.access.leavers.terminate(await owner.context(), person.id)
    assert.notEqual(departure.finishedAfterSeconds, null)
    assert.equal(departure.stillLive, 0)
    assert.equal(departure.steps.find((step) => step.kind === 'oauth')?.ended, 1500)
  })

  test('policy 3.2-c: what is found of somebody who left is ended, however much it is', async () => {
    const person = await invitedPerson(it, owner, 'left@example.org', 'agent')
    await it.access.leavers.terminate(await owner.context(), person.id)
    await manyGrants(person, 1500)
    assert.equal(await it.access.leavers.reconcile(), 1)
    assert.equal(await it.access.leavers.reconcile(), 0)
  })

  test('policy 3.2-c: a departure that cannot be worked off does not keep those of others waiting', async () => {
    const broken = await invitedPerson(it, owner, 'broken@example.org', 'agent')
    const other = await invitedPerson(it, owner, 'other@example.org', 'agent')
    const context = await owner.context()
    const why = { reason: 'manual', cause: owner.id } as const
    const ids: string[] = []
    for (const { id: account } of [broken, other])
      ids.push(
        await it.db
          .transaction()
          .execute((tx) => it.access.leavers.deny(tx, context, { account, workspace: owner.workspace }, why)),
      )
    // A step that names what no trial can read.
    const step = { leaver_id: ids[0] ?? '', kind: 'session', ended_at: it.clock.now(), ended: ['no id'] }
    await it.db.insertInto('leaver_step').values(step).execute()
    it.clock.advanceSeconds(120)
    await it.access.leavers.resume()
    const rows = await it.db
      .selectFrom('leaver')
      .select(['id', 'finished_at'])
      .where('id', 'in', ids)
      .execute()
    assert.equal(rows.find(({ id }) => id === ids[0])?.finished_at, null)
    assert.notEqual(rows.find(({ id }) => id === ids[1])?.finished_at, null)
  })
})
