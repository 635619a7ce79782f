import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { policyWith, type PolicyReader } from '../../kernel/parameter.ts'
import { openAccess, type Access } from '../access.ts'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  GOOD_PASSWORD,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { softKey, type SoftKey } from './webauthn/soft-key.ts'

const SITE = { origin: 'https://localhost:8443', rpId: 'localhost' } as const

suite('factors that count for a role', () => {
  let it: TestAccess
  let access: Access
  let owner: TestPerson
  let agent: TestPerson
  let scope = 'nobody'

  before(async () => {
    it = await testAccess()
    // The policy in force, as it is changed while people are signed in.
    const policy: PolicyReader = {
      ...it.policy,
      read: (wanted) => policyWith({ 'mfa.phishing-resistant': scope }, it.policy).read(wanted),
    }
    access = openAccess({ ...it, policy })
    owner = await firstPerson(it)
    agent = await invitedPerson(it, owner, 'agent@example.org', 'agent')
  })
  after(async () => {
    await access.close()
    await it.close()
  })

  const contextFor = async (token: string) => contextOf(await callerOf(access, token))
  const levelOf = async (token: string) => (await callerOf(access, token)).level

  async function signIn(who: TestPerson) {
    it.clock.advanceSeconds(60)
    const { token } = await access.signIn.password(contextOf(), {
      email: who.email,
      password: GOOD_PASSWORD,
      device: null,
    })
    return token
  }
  async function withCode(who: TestPerson, code?: string) {
    const context = await contextFor(await signIn(who))
    return access.signIn.code(context, { code: code ?? codeNow(it.clock, who.secret), device: null })
  }
  async function withKey(who: TestPerson, key: SoftKey) {
    const context = await contextFor(await signIn(who))
    const { challenge } = await access.keys.signInOptions(context)
    return access.keys.signIn(context, { response: key.get({ ...SITE, challenge }), device: null })
  }
  async function enrolKey(token: string, key: SoftKey) {
    const { challenge } = await access.keys.enrolOptions(await contextFor(token))
    const response = key.create({ ...SITE, challenge })
    return access.keys.enrol(await contextFor(token), { label: 'key', response, device: null })
  }

  const key = softKey()

  test('policy 3.1-c: a policy that asks for keys counts at the next request of whoever signed in without', async () => {
    scope = 'nobody'
    const before = await withCode(owner)
    const other = await withCode(agent)
    assert.equal(await levelOf(before.token), 'full')
    scope = 'staff'
    assert.equal(await levelOf(before.token), 'enrolling')
    const caller = await callerOf(access, before.token)
    assert.deepEqual([...caller.permissions].toSorted(), ['public', 'self.sign-in'])
    assert.deepEqual([caller.staffRole, caller.workspaceRole], [null, null])
    assert.equal(await levelOf(other.token), 'full')
  })

  test('policy 3.1-c: such a session may set up a key and nothing else, and then reaches everything', async () => {
    scope = 'administrators'
    const begun = await withCode(owner)
    assert.equal(begun.level, 'enrolling')
    const context = await contextFor(begun.token)
    await assert.rejects(access.factors.enrol(context, 'another app'), { code: 'resource.conflict' })
    await assert.rejects(async () => access.factors.newRecoveryCodes(context), {
      code: 'access.factor-needed',
    })
    const done = await enrolKey(begun.token, key)
    assert.equal(done.level, 'full')
    assert.deepEqual(done.recoveryCodes, [])
    assert.equal(await levelOf(done.token), 'full')
    assert.equal(await levelOf(begun.token), 'none')
  })

  test('policy 3.1-c: with a key, password and code get nobody any further; whoever fished them sets up no key', async () => {
    scope = 'staff'
    await assert.rejects(withCode(owner), { code: 'access.key-refused' })
    scope = 'nobody'
    const begun = await withCode(owner)
    assert.equal(begun.level, 'full')
    scope = 'staff'
    const fished = await contextFor(begun.token)
    assert.equal(fished.caller.level, 'enrolling')
    await assert.rejects(access.keys.enrolOptions(fished), { code: 'resource.conflict' })
    assert.equal((await withKey(owner, key)).level, 'full')
  })

  test('policy 3.1-c: a recovery code stands in for a lost key: it lets its owner set up another one', async () => {
    scope = 'staff'
    const [code = ''] = owner.recoveryCodes
    const begun = await withCode(owner, code)
    assert.equal(begun.level, 'enrolling')
    assert.ok((await it.messages()).some(({ kind }) => kind === 'recovery-code-used'))
    const second = softKey()
    const done = await enrolKey(begun.token, second)
    assert.equal(done.level, 'full')
    assert.equal((await withKey(owner, second)).level, 'full')
  })

  test('policy 3.1-c: the last key cannot be removed while the role needs one, nor the last factor by anybody', async () => {
    scope = 'staff'
    const { token } = await withKey(owner, key)
    const context = await contextFor(token)
    const { factors, duty } = await access.factors.list(context)
    assert.equal(duty, 'key')
    assert.deepEqual(
      factors.map((one) => [one.kind, one.counts]),
      [
        ['totp', false],
        ['webauthn', true],
        ['webauthn', true],
      ],
    )
    const [app, one, two] = factors.map(({ id }) => id)
    await access.factors.remove(context, { id: one ?? '' })
    assert.equal((await it.messages()).at(-1)?.kind, 'factor-removed')
    await assert.rejects(access.factors.remove(context, { id: two ?? '' }), { code: 'access.last-factor' })
    await access.factors.remove(context, { id: app ?? '' })
    scope = 'nobody'
    await assert.rejects(access.factors.remove(context, { id: two ?? '' }), { code: 'access.last-factor' })
  })

  test('policy 3.1-c: whoever signs in with a key steps up with it, and codes are refused', async () => {
    scope = 'nobody'
    const app = softKey()
    const { token } = await withCode(agent)
    const context = await contextFor(token)
    const { challenge } = await access.keys.addOptions(context, undefined)
    await access.keys.add(context, { label: 'agent key', response: app.create({ ...SITE, challenge }) })
    await it.db
      .insertInto('staff')
      .values({ account_id: agent.id, role: 'staff-auditor', created_at: it.clock.now() })
      .execute()
    scope = 'staff'
    const full = await contextFor((await withKey(agent, app)).token)
    it.clock.advanceSeconds(301)
    await assert.rejects(access.factors.stepUp(full, codeNow(it.clock, agent.secret)), {
      code: 'access.key-refused',
    })
    const asked = await access.keys.stepUpOptions(full)
    const proved = await access.keys.stepUp(full, app.get({ ...SITE, challenge: asked.challenge }))
    assert.equal(access.isFresh(await callerOf(access, proved)), true)
  })

  test('policy 3.1-0: only a second factor makes a session fresh: a new password does not', async () => {
    scope = 'nobody'
    const { token } = await withCode(agent)
    const { caller } = await contextFor(token)
    it.clock.advanceSeconds(301)
    const raised = await it.db
      .transaction()
      .execute((tx) => access.sessions.raise(tx, caller.sessionId ?? '', 'full', ['password']))
    assert.equal(access.isFresh(await callerOf(access, raised)), false)
  })

  test('policy 3.1-0: whatever a program forgets, the database keeps no full session of one factor', async () => {
    const session = await access.sessions.prepare(contextOf().caller, agent.id)
    await assert.rejects(session.store(it.db, 'full', agent.workspace, ['password']), /session_full_has_two/)
  })

  test('policy 3.1-b: text messages never count for staff and administrators', async () => {
    scope = 'nobody'
    const session = await access.sessions.prepare(contextOf().caller, agent.id)
    await session.store(it.db, 'full', agent.workspace, ['password', 'sms'])
    assert.equal(await levelOf(session.token), 'enrolling')
    const context = await contextFor(session.token)
    // The account has better factors: a session proved by a text message sets up no other.
    await assert.rejects(access.keys.enrolOptions(context), { code: 'resource.conflict' })
  })

  test('policy 8.1-b: people see what happened to their own account, and nothing of others', async () => {
    scope = 'nobody'
    const { token } = await withCode(agent)
    const events = await access.factors.activity(await contextFor(token))
    assert.ok(events.length > 5)
    assert.equal(events[0]?.type, 'sign-in.completed')
    assert.equal(events[0]?.origin?.ip, '192.0.2.7')
    assert.equal(events[0]?.origin?.says, 'an unknown device')
    assert.ok(events.every(({ says }) => says.endsWith('.')))
    assert.equal(JSON.stringify(events).includes(owner.id), false)
    const [first] = (await access.factors.list(await contextFor(token))).factors
    await access.factors.rename(await contextFor(token), { id: first?.id ?? '', label: 'my telephone' })
    const renamed = await access.factors.list(await contextFor(token))
    assert.equal(renamed.factors[0]?.label, 'my telephone')
    const stranger = { id: '00000000-0000-7000-8000-000000000000', label: 'x' }
    await assert.rejects(access.factors.rename(await contextFor(token), stranger), {
      code: 'resource.unknown',
    })
  })
})
