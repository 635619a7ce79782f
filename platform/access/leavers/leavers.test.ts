import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import type { CredentialKind } from '../credentials/credential.ts'
import { credentialKinds } from '../credentials/kinds.ts'
import { openLeavers } from './leavers.ts'
import type { LeaverParts } from './saga.ts'

suite('whoever leaves', () => {
  let it: TestAccess
  let owner: TestPerson
  let parts: LeaverParts

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    parts = { ...it, sessions: it.access.sessions }
  })
  after(() => it.close())

  const events = async (type: string) =>
    it.db.selectFrom('audit_event').select('id').where('type', '=', type).execute()

  const newMember = (name: string) => invitedPerson(it, owner, `${name}@example.org`, 'admin')

  test('policy 3.2-c: sessions, keys, invitations and devices end together, and each is tried and refused', async () => {
    const person = await newMember('leaver-a')
    const { key } = await it.access.apiKeys.make(await person.context(), {
      workspace: owner.workspace,
      account: person.id,
      label: 'sample',
      scopes: ['channel.read'],
      seconds: 3600,
    })
    const invitation = await it.access.people.invite(await person.context(), {
      email: 'later@example.org',
      role: 'agent',
    })
    const leavers = openLeavers(parts)
    const done = await leavers.withdraw(
      await owner.context(),
      { account: person.id, workspace: owner.workspace },
      { reason: 'manual', cause: owner.id },
    )
    assert.equal(done.stillLive, 0)
    assert.ok(done.everywhere)
    const kinds = new Map(done.steps.map((one) => [one.kind, one]))
    for (const kind of ['session', 'api-key', 'link', 'device', 'password-and-factors']) {
      assert.ok((kinds.get(kind)?.ended ?? 0) > 0, kind)
      assert.equal(kinds.get(kind)?.refused, kinds.get(kind)?.ended, kind)
    }
    const session = await it.door.request('/api/access/me', {
      headers: { cookie: `__Host-surety=${person.token}` },
    })
    assert.equal(((await session.json()) as { level: string }).level, 'none')
    const byKey = await it.door.request('/api/people', { headers: { authorization: `Bearer ${key}` } })
    assert.equal(byKey.status, 401)
    await assert.rejects(it.access.linkKind(contextOf(), invitation.token))
    await assert.rejects(
      it.access.signIn.password(contextOf(), {
        email: person.email,
        password: 'Sample-pass-2026',
        device: null,
      }),
    )
  })

  test('policy 3.2-c: the deny flag stands before any credential is touched, and alone refuses everything', async () => {
    const person = await newMember('leaver-b')
    const leavers = openLeavers(parts)
    await it.db
      .transaction()
      .execute(async (tx) =>
        leavers.deny(
          tx,
          await owner.context(),
          { account: person.id, workspace: owner.workspace },
          { reason: 'directory', cause: 'x' },
        ),
      )
    const open = await it.db
      .selectFrom('session')
      .select('id')
      .where('account_id', '=', person.id)
      .where('ended_at', 'is', null)
      .execute()
    assert.ok(open.length > 0)
    assert.equal((await person.context()).caller.kind, 'anonymous')
  })

  test('policy 3.2-c: a departure that a crash cut off is taken up where it stopped, and nothing is done twice', async () => {
    const person = await newMember('leaver-c')
    let fail = true
    const all = credentialKinds(parts)
    const breaking: CredentialKind[] = all.map((kind) =>
      kind.name === 'link'
        ? {
            ...kind,
            end: async (...given) => {
              if (fail) throw new Error('killed')
              return kind.end(...given)
            },
          }
        : kind,
    )
    const leavers = openLeavers(parts, breaking)
    const holder = { account: person.id, workspace: owner.workspace }
    const why = { reason: 'manual', cause: owner.id } as const
    await assert.rejects(leavers.withdraw(await owner.context(), holder, why), /killed/)
    const half = await it.db
      .selectFrom('leaver_step')
      .select('kind')
      .innerJoin('leaver', 'leaver.id', 'leaver_id')
      .where('account_id', '=', person.id)
      .execute()
    const kinds = half.map((one) => one.kind)
    assert.ok(kinds.includes('session') && !kinds.includes('link'))
    fail = false
    const before = (await events('leaver.finished')).length
    it.clock.advanceSeconds(61)
    assert.ok((await leavers.resume()) >= 1)
    assert.equal(await leavers.resume(), 0)
    assert.ok((await events('leaver.finished')).length > before)
  })

  test('policy 3.2-c: of two that tell of the same leaver at once, one departure comes', async () => {
    const person = await newMember('leaver-d')
    const leavers = openLeavers(parts)
    const holder = { account: person.id, workspace: owner.workspace }
    const context = await owner.context()
    const ids = await Promise.all(
      Array.from({ length: 8 }, () =>
        it.db
          .transaction()
          .execute((tx) => leavers.deny(tx, context, holder, { reason: 'directory', cause: 'x' })),
      ),
    )
    assert.equal(new Set(ids).size, 1)
    const done = await Promise.all(ids.map((id) => leavers.carryOn(context, id)))
    assert.ok(done.every((one) => one.stillLive === 0))
    const steps = await it.db
      .selectFrom('leaver_step')
      .select('kind')
      .where('leaver_id', '=', ids[0] ?? '')
      .execute()
    assert.equal(new Set(steps.map((one) => one.kind)).size, steps.length)
  })

  test('policy 3.2-c: a saga that forgets one kind is found out by what still works', async () => {
    const person = await newMember('leaver-e')
    const forgetful = credentialKinds(parts).map((kind) =>
      kind.name === 'session'
        ? {
            ...kind,
            end: async () =>
              (
                await it.db.selectFrom('session').select('id').where('account_id', '=', person.id).execute()
              ).map((row) => row.id),
          }
        : kind,
    )
    const done = await openLeavers(parts, forgetful).withdraw(
      await owner.context(),
      { account: person.id, workspace: owner.workspace },
      // The right was withdrawn before, so that nothing but the end of the sessions keeps anybody out.
      { reason: 'removed', cause: owner.id, denied: true },
    )
    assert.ok(done.stillLive > 0)
    assert.equal((await events('leaver.alarm')).length, 1)
  })

  test('policy 3.2-c: the last owner’s workspace goes to the successor, or is flagged', async () => {
    const heir = await newMember('heir')
    const second = await invitedPerson(it, owner, 'second-owner@example.org', 'owner')
    const done = await openLeavers(parts).withdraw(
      await second.context(),
      { account: owner.id, workspace: owner.workspace },
      { reason: 'personnel', cause: 'x', successor: heir.id },
    )
    assert.deepEqual(done.ownerless, [])
    const last = await openLeavers(parts).withdraw(
      await heir.context(),
      { account: second.id, workspace: owner.workspace },
      { reason: 'personnel', cause: 'x', successor: heir.id },
    )
    assert.deepEqual(last.ownerless, [])
    assert.equal((await heir.context()).caller.workspaceRole, 'owner')
    const nobody = await openLeavers(parts).withdraw(
      await heir.context(),
      { account: heir.id, workspace: owner.workspace },
      { reason: 'personnel', cause: 'x' },
    )
    assert.deepEqual(nobody.ownerless, [owner.workspace])
  })
})
