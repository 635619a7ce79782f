import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../kernel/problem.ts'
import { policyWith, type PolicyReader } from '../../kernel/parameter.ts'
import type { FactorKind } from '../../kernel/caller.ts'
import { openAccess, type Access } from '../access.ts'
import {
  callerOf,
  codeNow,
  contextOf,
  enrolled,
  firstPerson,
  GOOD_PASSWORD,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { softKey, type SoftKey, type SoftKeyWish } from '../factors/webauthn/soft-key.ts'
import { EXAMPLES, SITE, STEPS, type Model, type Step } from './sign-in-machine.fixture.ts'

suite('the sign-in state machine', () => {
  let it: TestAccess
  let access: Access
  let owner: TestPerson
  let people = 0
  let scope = 'nobody'
  const reached = new Set<string>()
  const taken = new Set<Step>()

  before(async () => {
    it = await testAccess()
    const policy: PolicyReader = {
      ...it.policy,
      read: (wanted) => policyWith({ 'mfa.phishing-resistant': scope }, it.policy).read(wanted),
    }
    access = openAccess({ ...it, policy })
    owner = await firstPerson(it)
    ownerCaller = await callerOf(it.access, owner.token)
  })
  after(async () => {
    await access.close()
    await it.close()
  })
  // The owner’s session is over by time at some point; that is not what is tested here.
  let ownerCaller = contextOf().caller

  async function somebody(withFactor: boolean): Promise<Model> {
    people += 1
    const email = `machine-${people}@example.org`
    const link = await it.access.people.invite(contextOf(ownerCaller), { email, role: 'agent' })
    const right = await it.access.redeem(contextOf(), {
      token: link.token,
      name: 'Sample',
      password: GOOD_PASSWORD,
    })
    const model: Model = {
      account: right.account,
      email,
      token: '',
      old: '',
      proved: new Set(),
      stage: 'none',
      secret: '',
      spent: '',
      recovery: [],
      spentRecovery: 'A'.repeat(24),
      offered: { factorId: '00000000-0000-7000-8000-000000000000', secret: 'A'.repeat(32) },
      keys: [],
      usedAnswer: null,
      staff: false,
    }
    if (!withFactor) return model
    const begun = await it.access.signIn.begin(contextOf(), right.account, owner.workspace)
    const person = await enrolled(it, begun.token, email)
    return { ...model, secret: person.secret, recovery: person.recoveryCodes }
  }

  const contextFor = async (model: Model) => contextOf(await callerOf(access, model.token))
  const answer = (by: SoftKey, challenge: string, wish: Partial<SoftKeyWish> = {}) =>
    by.get({ ...SITE, challenge, ...wish })

  /** Runs a step that may be refused; what it did counts only when it was not. */
  async function may<Result>(run: () => Promise<Result>): Promise<Result | null> {
    try {
      return await run()
    } catch (error) {
      assert.ok(error instanceof Problem, String(error))
      return null
    }
  }

  /** A new session, or the same under a new token. */
  function renew(model: Model, token: string, stage: Model['stage'], proved: readonly FactorKind[]): void {
    if (model.token !== '') model.old = model.token
    Object.assign(model, { token, stage, proved: new Set(proved) })
  }
  const ownsFactor = (model: Model): boolean => model.secret !== '' || model.keys.length > 0
  function begun(model: Model, done: { token: string } | null, first: FactorKind): void {
    if (done !== null) renew(model, done.token, ownsFactor(model) ? 'password' : 'enrolling', [first])
  }
  function finished(model: Model, done: { token: string } | null, second: FactorKind): boolean {
    if (done === null) return false
    assert.equal(model.stage, 'password', `${second} raised a session that did not wait for one`)
    assert.equal(model.proved.has(second), false, 'the same thing twice counted as two factors')
    renew(model, done.token, 'full', [...model.proved, second])
    return true
  }

  async function code(model: Model, typed: string): Promise<boolean> {
    const second = /^\d{6}$/.test(typed) ? 'totp' : 'recovery-code'
    const done = await may(async () =>
      access.signIn.code(await contextFor(model), { code: typed, device: null }),
    )
    return finished(model, done, second)
  }
  async function key(model: Model, wish: Partial<SoftKeyWish>): Promise<boolean> {
    const [first] = model.keys
    if (first === undefined) return false
    const done = await may(async () => {
      const { challenge } = await access.keys.signInOptions(await contextFor(model))
      const response = answer(first, challenge, wish)
      const signedIn = await access.keys.signIn(await contextFor(model), { response, device: null })
      model.usedAnswer = response
      return signedIn
    })
    return finished(model, done, 'webauthn')
  }
  async function passkey(model: Model, verified: boolean): Promise<void> {
    const [first] = model.keys
    if (first === undefined) return
    const context = await contextFor(model)
    const { challenge } = await access.keys.passkeyOptions()
    const response = answer(first, challenge, { verified })
    const done = await may(() => access.keys.passkey(context, { response, device: null }))
    if (done === null) return
    model.usedAnswer = response
    if (verified) renew(model, done.token, 'full', ['webauthn', 'user-verification'])
    else begun(model, done, 'webauthn')
  }

  const ACTIONS: Readonly<Record<Step, (model: Model) => Promise<void>>> = {
    'right password': async (model) => {
      const { email } = model
      const context = await contextFor(model)
      const offered = { email, password: GOOD_PASSWORD, device: null }
      begun(model, await may(() => access.signIn.password(context, offered)), 'password')
    },
    'wrong password': async (model) => {
      const offered = { email: model.email, password: 'Wrong-pass-2026', device: null }
      assert.equal(await may(() => access.signIn.password(contextOf(), offered)), null)
    },
    'identity provider': async (model) => {
      const whose = { account: model.account, workspace: owner.workspace }
      begun(model, await access.signIn.continueWith(await contextFor(model), whose, 'upstream'), 'upstream')
    },
    'right code': async (model) => {
      if (model.secret === '') return
      const typed = codeNow(it.clock, model.secret)
      if (!(await code(model, typed))) return
      assert.notEqual(typed, model.spent)
      model.spent = typed
    },
    'used code': async (model) => {
      assert.equal(model.spent !== '' && (await code(model, model.spent)), false)
    },
    'wrong code': async (model) => assert.equal(await code(model, 'A'.repeat(24)), false),
    'recovery code': async (model) => {
      const [first = ''] = model.recovery
      if (first === '' || !(await code(model, first))) return
      model.recovery = model.recovery.slice(1)
      model.spentRecovery = first
    },
    'used recovery code': async (model) => assert.equal(await code(model, model.spentRecovery), false),
    key: async (model) => void (await key(model, { verified: false })),
    'key of another origin': async (model) =>
      assert.equal(await key(model, { origin: 'https://localhost' }), false),
    'used key answer': async (model) => {
      const { usedAnswer: response } = model
      if (response === null) return
      const context = await contextFor(model)
      const again = [
        () => access.keys.signIn(context, { response, device: null }),
        () => access.keys.passkey(context, { response, device: null }),
        () => access.keys.stepUp(context, response),
      ]
      for (const run of again) assert.equal(await may(async () => run()), null)
    },
    'passkey with PIN': (model) => passkey(model, true),
    'passkey without PIN': (model) => passkey(model, false),
    'start enrolling': async (model) => {
      const made = await may(async () => access.factors.enrol(await contextFor(model), 'sample'))
      if (made !== null) model.offered = made
    },
    'confirm enrolling': async (model) => {
      const typed = codeNow(it.clock, model.offered.secret)
      const { factorId } = model.offered
      const done = await may(async () =>
        access.factors.confirmEnrolment(await contextFor(model), { factorId, code: typed, device: null }),
      )
      if (done === null) return
      assert.ok(mayEnrol(model), 'a factor was enrolled beside another one')
      renew(model, done.token, 'full', [...model.proved, 'totp'])
      Object.assign(model, { secret: model.offered.secret, spent: typed })
      if (done.recoveryCodes.length > 0) model.recovery = done.recoveryCodes
    },
    'enrol key': async (model) => {
      const made = softKey()
      const done = await may(async () => {
        const { challenge } = await access.keys.enrolOptions(await contextFor(model))
        const response = made.create({ ...SITE, challenge })
        return access.keys.enrol(await contextFor(model), { label: 'key', response, device: null })
      })
      if (done === null) return
      assert.ok(mayEnrol(model), 'a key was enrolled beside another factor')
      model.keys.push(made)
      renew(model, done.token, 'full', [...model.proved, 'webauthn'])
      if (done.recoveryCodes.length > 0) model.recovery = done.recoveryCodes
    },
    'add key': async (model) => {
      const made = softKey()
      const done = await may(async () => {
        const { challenge } = await access.keys.addOptions(await contextFor(model), undefined)
        const response = made.create({ ...SITE, challenge })
        return access.keys.add(await contextFor(model), { label: 'key', response })
      })
      if (done === null) return
      assert.equal(levelOf(model), 'full')
      model.keys.push(made)
    },
    'step up with code': async (model) => {
      if (model.secret === '') return
      const typed = codeNow(it.clock, model.secret)
      const token = await may(async () => access.factors.stepUp(await contextFor(model), typed))
      if (token === null) return
      assert.equal(levelOf(model), 'full')
      model.spent = typed
      renew(model, token, 'full', [...model.proved, 'totp'])
    },
    'step up with key': async (model) => {
      const [first] = model.keys
      if (first === undefined) return
      const token = await may(async () => {
        const context = await contextFor(model)
        const { challenge } = await access.keys.stepUpOptions(context)
        return access.keys.stepUp(context, answer(first, challenge))
      })
      if (token === null) return
      assert.equal(levelOf(model), 'full')
      renew(model, token, 'full', [...model.proved, 'webauthn'])
    },
    'remove a factor': async (model) => {
      const factors = await may(async () => (await access.factors.list(await contextFor(model))).factors)
      const app = factors?.find(({ kind }) => kind === 'totp')
      if (app === undefined || levelOf(model) !== 'full') return
      const gone = await may(async () => {
        await access.factors.remove(await contextFor(model), { id: app.id })
        return true
      })
      if (gone === null) return
      assert.ok(model.keys.length > 0, 'the last factor was removed')
      model.secret = ''
    },
    'joins the staff': async (model) => {
      const row = { account_id: model.account, role: 'staff-auditor', created_at: it.clock.now() }
      await it.db
        .insertInto('staff')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      model.staff = true
    },
    'leaves the staff': async (model) => {
      await it.db.deleteFrom('staff').where('account_id', '=', model.account).execute()
      model.staff = false
    },
    'keys are asked of the staff': async () => void (scope = 'staff'),
    'keys are asked of nobody': async () => void (scope = 'nobody'),
    'old token again': async (model) => {
      if (model.old === '' || model.old === model.token) return
      assert.equal((await callerOf(access, model.old)).kind, 'anonymous')
    },
    'sign out': async (model) => {
      await access.signOut(await contextFor(model))
      renew(model, '', 'none', [])
    },
    'half an hour': async (model) => {
      it.clock.advanceSeconds(1800)
      Object.assign(model, { stage: 'none', proved: new Set() })
    },
    'half a minute': async () => it.clock.advanceSeconds(30),
  }

  const needsKey = (model: Model): boolean => model.staff && scope === 'staff'
  /** How far the model says that the session reaches: by what was proved, the role and the policy of now. */
  function levelOf(model: Model): Model['stage'] {
    if (model.stage !== 'full') return model.stage
    return needsKey(model) && !model.proved.has('webauthn') ? 'enrolling' : 'full'
  }
  /** Whether the session may set up a factor without step-up. */
  function mayEnrol(model: Model): boolean {
    if (levelOf(model) !== 'enrolling') return false
    if (model.stage === 'enrolling') return !ownsFactor(model)
    return model.keys.length === 0 || model.proved.has('recovery-code')
  }

  async function play(withFactor: boolean, steps: readonly Step[]): Promise<void> {
    const model = await somebody(withFactor)
    scope = 'nobody'
    for (const step of steps) {
      await ACTIONS[step](model)
      taken.add(step)
      const caller = await callerOf(access, model.token)
      // A session may end earlier than the model knows; it may never be further than the model.
      if (caller.level === 'none') Object.assign(model, { stage: 'none', proved: new Set() })
      assert.equal(caller.level, levelOf(model), `after ${step}`)
      assert.deepEqual([...caller.factors].toSorted(), [...model.proved].toSorted(), `after ${step}`)
      reached.add(`${caller.level} ${model.proved.size}`)
      if (caller.level === 'full') assert.ok(model.proved.size >= 2 && ownsFactor(model))
      else assert.deepEqual([...caller.permissions].toSorted(), ['public', 'self.sign-in'])
    }
  }

  test('policy 3.1-0: no order of steps gives a level that was not proven', async () => {
    const one = fc.constantFrom(...STEPS).map((step): readonly Step[] => [step])
    const usual = fc.constantFrom<(readonly Step[])[]>(
      ['right password', 'right code'],
      ['right password', 'recovery code'],
      ['right password', 'start enrolling', 'confirm enrolling'],
      ['right password', 'enrol key', 'half a minute'],
      ['right password', 'right code', 'add key'],
      ['sign out', 'right password', 'key'],
      ['right password', 'right code', 'joins the staff', 'keys are asked of the staff'],
      ['identity provider', 'right code'],
    )
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: one }, { weight: 2, arbitrary: usual }), {
      minLength: 2,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, (withFactor, some) => play(withFactor, some.flat())),
      {
        numRuns: 60,
        examples: [...EXAMPLES, STEPS].map((some): [boolean, (readonly Step[])[]] => [true, [some]]),
      },
    )
    // The walk went everywhere; otherwise it would prove nothing.
    assert.equal(taken.size, STEPS.length)
    for (const level of ['none 0', 'password 1', 'enrolling 1', 'enrolling 2', 'full 2', 'full 3'])
      assert.ok(reached.has(level), level)
  })
})
