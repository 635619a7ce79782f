import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  callerOf,
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { newId } from '../../kernel/id.ts'
import { insertClient } from '../clients/queries.ts'
import type { Decision } from './decide.ts'
import { itemsOf } from './queries.ts'
import { canonicalJson, seenHash } from './snapshot.ts'

const DAY = 86_400
const keep: Decision = { decision: 'keep', reason: null, role: null }
const withReason: Decision = { decision: 'keep', reason: 'Needed for the work', role: null }
const revoked: Decision = { decision: 'revoke', reason: 'No longer needed', role: null }

suite('reviews of access rights', () => {
  let it: TestAccess
  let owner: TestPerson
  let admin: TestPerson
  let agent: TestPerson
  let helper: TestPerson

  before(async () => {
    it = await testAccess({ 'session.idle': 400 * DAY, 'session.absolute': 400 * DAY })
    owner = await firstPerson(it)
    admin = await invitedPerson(it, owner, 'admin@example.org', 'admin')
    agent = await invitedPerson(it, owner, 'agent@example.org', 'agent')
    helper = await invitedPerson(it, owner, 'helper@example.org', 'agent')
  })
  after(() => it.close())

  const reviews = () => it.access.reviews
  const campaigns = async () => {
    const { scopes } = await reviews().list(await owner.context())
    return scopes.find((one) => one.scope === 'workspace')?.campaigns ?? []
  }
  const campaign = async (): Promise<string> => (await campaigns())[0]?.id ?? ''
  const items = async () => itemsOf(it.db, await campaign())
  const itemOf = async (person: TestPerson, kind = 'membership') => {
    const found = (await items()).find((one) => one.account_id === person.id && one.kind === kind)
    assert.ok(found)
    return found
  }
  const events = async (type: string): Promise<number> =>
    (await it.db.selectFrom('audit_event').select('id').where('type', '=', type).execute()).length

  test('policy 3.2-b: a review opens by itself with every grant, its hash and a reviewer who is not the subject', async () => {
    const key = await it.access.apiKeys.make(await owner.context(), {
      workspace: owner.workspace,
      account: owner.id,
      label: 'sample',
      scopes: ['rule.edit'],
      seconds: 300 * DAY,
    })
    await reviews().hourly()
    await reviews().hourly()
    assert.equal((await campaigns()).length, 1)
    const rows = await items()
    assert.deepEqual(rows.map((one) => one.kind).toSorted(), [
      'api-key',
      ...Array<string>(4).fill('membership'),
    ])
    for (const row of rows) assert.notEqual(row.reviewer_id, row.account_id)
    assert.ok(rows.every((row) => row.reviewer_id !== null))
    assert.deepEqual(
      rows
        .filter((row) => row.privileged)
        .map((row) => row.target_id)
        .toSorted(),
      [owner.id, admin.id, key.id].toSorted(),
    )
    const report = await reviews().report(await owner.context(), await campaign())
    assert.equal(report.intact, true)
    const face = report.items.find((one) => one.subject?.id === agent.id)
    assert.deepEqual(
      [face?.grant.role, face?.grant.change, face?.grantor?.id, face?.grant.lastUsedAt !== null],
      ['agent', 'first', owner.id, true],
    )
    assert.equal(
      (await it.messages()).some((one) => one.kind === 'review-opened'),
      true,
    )
    assert.equal(await events('review.opened'), 1)
  })

  test('policy 3.2-b: the snapshot cannot be changed, not even by a statement', async () => {
    const [row] = await items()
    assert.ok(row)
    const changed = { snapshot: JSON.stringify({ role: 'owner' }) }
    await assert.rejects(it.db.updateTable('review_item').set(changed).where('id', '=', row.id).execute())
    await assert.rejects(
      it.db
        .updateTable('review_campaign')
        .set({ snapshot_hash: Buffer.alloc(32) })
        .execute(),
    )
    await assert.rejects(
      it.db
        .updateTable('review_item')
        .set({ reviewer_id: row.account_id })
        .where('id', '=', row.id)
        .execute(),
    )
    assert.equal(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }] }), '{"a":[{"c":"x","d":null}],"b":1}')
  })

  test('policy 3.2-b: nobody decides about themselves, for others unasked, from outside, or by a program', async () => {
    const own = await itemOf(owner)
    const other = await itemOf(agent)
    assert.equal(own.reviewer_id, admin.id)
    assert.equal(other.reviewer_id, owner.id)
    const decide = async (by: TestPerson, id: string) => reviews().decide(await by.context(), id, withReason)
    await assert.rejects(decide(owner, own.id), { code: 'access.own-request' })
    await assert.rejects(decide(admin, other.id), { code: 'access.denied' })
    const { caller } = await owner.context()
    const program = contextOf({ ...caller, kind: 'api-key' })
    await assert.rejects(reviews().decide(program, other.id, withReason), { code: 'access.denied' })
    const elsewhere = contextOf({ ...caller, workspaceId: '00000000-0000-4000-8000-000000000009' })
    await assert.rejects(reviews().decide(elsewhere, other.id, withReason), { code: 'resource.unknown' })
    const answer = await it.door.request(`/api/access/reviews/items/${other.id}/decide`, {
      method: 'POST',
      headers: { cookie: `__Host-surety=${agent.token}` },
      body: JSON.stringify(keep),
    })
    assert.equal(answer.status, 403)
  })

  test('trap 13: privileged rows are decided one by one, once and with a reason, never in bulk', async () => {
    const row = await itemOf(admin)
    const wanted = { items: [{ id: row.id, seen: seenHash(row.snapshot) }], reason: 'All good' }
    await assert.rejects(reviews().keep(await owner.context(), row.campaign_id, wanted), {
      code: 'access.denied',
    })
    await assert.rejects(reviews().decide(await owner.context(), row.id, keep), { code: 'request.invalid' })
    const before = await events('review.decided')
    const context = await owner.context()
    const done = await Promise.allSettled(
      Array.from({ length: 8 }, () => reviews().decide(context, row.id, withReason)),
    )
    assert.equal(done.filter((one) => one.status === 'fulfilled').length, 1)
    assert.equal((await events('review.decided')) - before, 1)
    await assert.rejects(reviews().decide(await owner.context(), row.id, revoked), {
      code: 'access.too-late',
    })
  })

  test('trap 13: ordinary rows are kept together only as they were shown', async () => {
    const row = await itemOf(helper)
    const context = await owner.context()
    const body = (seen: string) => ({ items: [{ id: row.id, seen }], reason: null })
    await assert.rejects(reviews().keep(context, row.campaign_id, body('0'.repeat(16))), {
      code: 'resource.conflict',
    })
    const page = await reviews().items(context, row.campaign_id, { mine: true, open: true })
    const shown = page.items.find((one) => one.id === row.id)
    assert.equal(await reviews().keep(context, row.campaign_id, body(shown?.seen ?? '')), 1)
    assert.equal((await itemOf(helper)).decision, 'keep')
  })

  test('trap 13: a revocation ends sessions and keys at once, and the trials are stored as evidence', async () => {
    await it.access.apiKeys.make(await agent.context(), {
      workspace: agent.workspace,
      account: agent.id,
      label: 'sample',
      scopes: ['rule.read'],
      seconds: 300 * DAY,
    })
    assert.equal((await callerOf(it.access, agent.token)).kind, 'account')
    const row = await itemOf(agent)
    await assert.rejects(reviews().decide(await owner.context(), row.id, { ...revoked, reason: null }), {
      code: 'request.invalid',
    })
    const { trials } = await reviews().decide(await owner.context(), row.id, revoked)
    assert.ok(trials.length >= 2)
    assert.ok(trials.every((one) => one.refused))
    assert.equal((await callerOf(it.access, agent.token)).kind, 'anonymous')
    const stored = await itemOf(agent)
    assert.deepEqual([stored.decision, stored.tried_at !== null], ['revoke', true])
    assert.equal(JSON.stringify(stored).includes('No longer needed'), false)
  })

  test('policy 3.2-b: a row is given to somebody else with a note, never to or by its subject', async () => {
    const row = await itemOf(owner)
    const to = async (by: TestPerson, reviewer: string) =>
      reviews().reassign(await by.context(), row.id, { reviewer, note: 'On holiday this week' })
    await assert.rejects(to(admin, owner.id), { code: 'access.own-request' })
    await assert.rejects(to(owner, admin.id), { code: 'access.own-request' })
    await assert.rejects(to(admin, helper.id), { code: 'access.not-eligible' })
    await to(admin, admin.id)
    const { reviewers } = await reviews().reviewers(await admin.context(), row.campaign_id, row.id)
    assert.deepEqual(
      reviewers.map((one) => one.id),
      [admin.id],
    )
  })

  test('policy 3.2-b: a row whose reviewer cannot review any more goes to somebody who can', async () => {
    const row = (await items()).find((one) => one.kind === 'api-key')
    assert.ok(row)
    await it.db.updateTable('review_item').set({ reviewer_id: helper.id }).where('id', '=', row.id).execute()
    await reviews().hourly()
    assert.equal((await items()).find((one) => one.id === row.id)?.reviewer_id, admin.id)
  })

  test('policy 3.2-b: reminders go out once a week and a day before the deadline', async () => {
    const letters = async (): Promise<number> =>
      (await it.messages()).filter((one) => one.kind === 'review-reminder').length
    const before = await letters()
    it.clock.advanceSeconds(7 * DAY - 10)
    await reviews().hourly()
    assert.equal(await letters(), before)
    it.clock.advanceSeconds(10)
    await reviews().hourly()
    await reviews().hourly()
    assert.equal(await letters(), before + 1)
    it.clock.advanceSeconds(6 * DAY)
    await reviews().hourly()
    await reviews().hourly()
    assert.equal(await letters(), before + 2)
  })

  test('trap 13: what nobody decided by the deadline is revoked, but never the last owner, who is said aloud instead', async () => {
    const key = (await items()).find((one) => one.kind === 'api-key')
    assert.equal(key?.decision, null)
    it.clock.advanceSeconds(DAY)
    await reviews().hourly()
    const after = (await items()).find((one) => one.kind === 'api-key')
    assert.deepEqual([after?.decision, after?.decided_by, after?.tried_at !== null], ['revoke', null, true])
    assert.deepEqual([(await itemOf(owner)).decision, (await itemOf(owner)).warned_at !== null], [null, true])
    assert.equal(await events('review.undecided-last'), 1)
    assert.equal((await callerOf(it.access, owner.token)).workspaceRole, 'owner')
    it.clock.advanceSeconds(7 * DAY)
    await reviews().hourly()
    assert.equal((await itemOf(owner)).decision, 'exception')
    assert.equal(await events('review.exception'), 1)
    assert.notEqual((await campaigns())[0]?.closedAt, null)
    assert.equal((await callerOf(it.access, owner.token)).workspaceRole, 'owner')
  })

  test('policy 3.2-b: the next review opens within the interval and says what changed', async () => {
    await it.access.people.changeRole(await owner.context(), helper.id, {
      role: 'auditor',
      jobFunction: 'audit',
    })
    const now = it.clock.now()
    await insertClient(it.db, {
      id: newId(it.clock),
      workspace_id: owner.workspace,
      account_id: owner.id,
      name: await it.keys.sealText(
        owner.workspace,
        { table: 'oauth_client', column: 'name', row: 'x' },
        'sample',
      ),
      redirect_uris: [],
      logout_redirect_uris: [],
      grant_types: ['client_credentials'],
      scopes: ['rule.edit'],
      auth_method: 'client_secret_basic',
      created_at: now,
      expires_at: new Date(now.getTime() + 300 * DAY * 1000),
    })
    const first = (await campaigns())[0]
    it.clock.set(new Date(new Date(first?.openedAt ?? '').getTime() + 89 * DAY * 1000 - 1))
    await reviews().hourly()
    assert.equal((await campaigns()).length, 1)
    it.clock.advanceSeconds(1)
    await reviews().hourly()
    assert.equal((await campaigns()).length, 2)
    const report = await reviews().report(await owner.context(), await campaign())
    const grant = report.items.find((one) => one.subject?.id === helper.id)?.grant
    assert.deepEqual([grant?.change, grant?.before, grant?.role], ['changed', 'agent', 'auditor'])
    assert.deepEqual(report.gone.map((one) => one.kind).toSorted(), ['api-key', 'membership'])
    assert.equal(report.previous, first?.id)
  })

  test('policy 3.2-b: an OAuth 2.0 client is reviewed and revoked like a key', async () => {
    const row = await itemOf(owner, 'client')
    assert.deepEqual([row.privileged, row.reviewer_id], [true, admin.id])
    const { trials } = await reviews().decide(await admin.context(), row.id, revoked)
    assert.deepEqual(
      trials.map((one) => one.refused),
      [true],
    )
    const stored = await it.db.selectFrom('oauth_client').select('revoked_at').executeTakeFirstOrThrow()
    assert.notEqual(stored.revoked_at, null)
  })

  test('policy 3.2-b: a change of role takes effect at once and never lifts anybody above the reviewer', async () => {
    const row = await itemOf(helper)
    const decide = async (role: string) =>
      reviews().decide(await owner.context(), row.id, { decision: 'change', reason: 'Other work now', role })
    const byAdmin = async () =>
      reviews().reassign(await owner.context(), row.id, { reviewer: admin.id, note: 'Yours to decide' })
    await byAdmin()
    const lift = { decision: 'change', reason: 'Other work now', role: 'owner' } as const
    await assert.rejects(reviews().decide(await admin.context(), row.id, lift), { code: 'access.denied' })
    const back = { reviewer: owner.id, note: 'Mine to decide' }
    await reviews().reassign(await admin.context(), row.id, back)
    await decide('agent')
    assert.equal((await callerOf(it.access, helper.token)).workspaceRole, 'agent')
    assert.equal((await itemOf(helper)).new_role, 'agent')
  })

  test('policy 3.2-b: the staff is reviewed apart, and a revoked role ends sessions and elevations', async () => {
    await it.access.people.changeStaffRole(await owner.context(), admin.id, 'security-officer')
    await reviews().hourly()
    const { scopes } = await reviews().list(await owner.context())
    const staff = scopes.find((one) => one.scope === 'staff')?.campaigns[0]
    assert.ok(staff)
    const rows = await itemsOf(it.db, staff.id)
    const row = rows.find((one) => one.account_id === admin.id)
    assert.ok(row?.privileged)
    const upgrade = { decision: 'change', reason: 'More work', role: 'administrator' } as const
    await assert.rejects(reviews().decide(await owner.context(), row.id, upgrade), {
      code: 'request.invalid',
    })
    const { trials } = await reviews().decide(await owner.context(), row.id, revoked)
    assert.ok(trials.length > 0 && trials.every((one) => one.refused))
    assert.equal((await callerOf(it.access, admin.token)).kind, 'anonymous')
    assert.equal((await it.db.selectFrom('staff').selectAll().execute()).length, 1)
  })
})
