import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { Transaction } from '../../db/index.ts'
import {
  callerOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { lockWorkspace } from '../people/queries.ts'
import { openErasure } from './erase-account.ts'
import { accountRow, erasuresOf, lockWaits } from './erasure.fixture.ts'

suite('erasing accounts while others change, erase or stop', () => {
  let it: TestAccess
  let owner: TestPerson

  beforeEach(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  afterEach(() => it.close())

  /** Holds the workspace until all of `work` waits for it, then does `last` and lets go. */
  const whileHeld = async <Result>(
    work: readonly (() => Promise<Result>)[],
    last: (tx: Transaction) => Promise<unknown> = async () => {},
  ): Promise<PromiseSettledResult<Result>[]> => {
    let begun: Promise<PromiseSettledResult<Result>[]> = Promise.resolve([])
    await it.db.transaction().execute(async (tx) => {
      await lockWorkspace(tx, owner.workspace)
      begun = Promise.allSettled(work.map((one) => one()))
      await lockWaits(it.db, work.length)
      await last(tx)
    })
    return begun
  }

  test('policy 3.2-0: of the last two owners who erase themselves at the same moment one is refused, and nothing of theirs has ended', async () => {
    const second = await invitedPerson(it, owner, 'second@sample.invalid', 'owner')
    const both = [await invitedPerson(it, owner, 'third@sample.invalid', 'owner'), second]
    // Who set the system up belongs to the staff, and owns nothing here any more.
    await it.db.deleteFrom('membership').where('account_id', '=', owner.id).execute()
    const contexts = await Promise.all(both.map((one) => one.context()))
    const done = await whileHeld(contexts.map((context) => () => it.access.erasure.eraseOwn(context)))
    assert.deepEqual(done.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    const refused = done.findIndex(({ status }) => status === 'rejected')
    const { reason } = done[refused] as PromiseRejectedResult
    assert.equal((reason as { code: string }).code, 'access.last-owner')
    const left = both[refused]
    assert.ok(left !== undefined)
    assert.equal((await accountRow(it.db, left.id))?.disabled_at, null)
    assert.equal((await callerOf(it.access, left.token)).kind, 'account')
    const gone = both[1 - refused]
    assert.ok(gone !== undefined)
    assert.equal(await accountRow(it.db, gone.id), undefined)
  })

  test('policy 3.2-0: a right to erase that is lost while the erasure waits is seen, and nothing has ended', async () => {
    const admin = await invitedPerson(it, owner, 'passing@sample.invalid', 'admin')
    const agent = await invitedPerson(it, owner, 'kept@sample.invalid', 'agent')
    const context = await admin.context()
    const [done] = await whileHeld([() => it.access.erasure.eraseMember(context, agent.id)], (tx) =>
      tx
        .updateTable('membership')
        .set({ suspended_at: it.clock.now() })
        .where('account_id', '=', admin.id)
        .execute(),
    )
    assert.equal(done?.status === 'rejected' && (done.reason as { code: string }).code, 'access.denied')
    assert.equal((await accountRow(it.db, agent.id))?.disabled_at, null)
    assert.equal((await callerOf(it.access, agent.token)).kind, 'account')
    assert.equal(await erasuresOf(it.db, agent.id), 0)
  })

  test('an erasure asked for twice at once happens once, and the other one is told so', async () => {
    const person = await invitedPerson(it, owner, 'twice@sample.invalid', 'agent')
    const context = await person.context()
    const again = () => it.access.erasure.eraseOwn(context)
    const done = await whileHeld([again, again])
    const codes = done.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
    )
    assert.equal(codes.length, 1)
    assert.match(codes[0] ?? '', /^resource\.(conflict|unknown)$/)
    assert.equal(await accountRow(it.db, person.id), undefined)
    assert.equal(await erasuresOf(it.db, person.id), 1)
  })

  test('GDPR article 17: an erasure that a crash cut off after it was decided is finished without being asked for again', async () => {
    const person = await invitedPerson(it, owner, 'cut-off@sample.invalid', 'agent')
    const { leavers } = it.access
    const cut = openErasure({
      ...it,
      leavers: { deny: leavers.deny, carryOn: () => Promise.reject(new Error('killed')) },
    })
    await assert.rejects(cut.eraseOwn(await person.context()), /killed/)
    assert.notEqual((await accountRow(it.db, person.id))?.disabled_at, null)
    assert.equal(await it.access.erasure.resume(), 0, 'whoever asked may still be at work')
    it.clock.advanceSeconds(61)
    assert.equal(await it.access.erasure.resume(), 1)
    assert.equal(await accountRow(it.db, person.id), undefined)
    assert.equal(await erasuresOf(it.db, person.id), 1)
    assert.equal(await it.access.erasure.resume(), 0)
  })

  test('whoever is leaving when they are erased is erased, and no departure stays open for them', async () => {
    const person = await invitedPerson(it, owner, 'leaving@sample.invalid', 'agent')
    const { leavers, erasure } = it.access
    const context = await owner.context()
    const of = { account: person.id }
    const removed = { reason: 'removed', cause: owner.id, denied: true } as const
    await it.db.transaction().execute((tx) => leavers.deny(tx, context, of, removed))
    assert.equal((await accountRow(it.db, person.id))?.disabled_at, null)
    const done = await erasure.eraseMember(context, person.id)
    assert.equal(done.stillLive, 0)
    assert.equal(await accountRow(it.db, person.id), undefined)
  })
})
