import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../kernel/problem.ts'
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

/** What somebody at a browser can do, in any order, with right and wrong proofs. */
const STEPS = [
  'right password',
  'wrong password',
  'right code',
  'used code',
  'wrong code',
  'recovery code',
  'used recovery code',
  'start enrolling',
  'confirm enrolling',
  'old token again',
  'sign out',
  'half an hour',
  'half a minute',
] as const
type Step = (typeof STEPS)[number]

suite('the sign-in state machine', () => {
  let it: TestAccess
  let owner: TestPerson
  let people = 0

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  async function somebody(withFactor: boolean) {
    people += 1
    const email = `machine-${people}@example.org`
    const workspace = owner.workspace
    const link = await it.access.people.invite(await freshOwner(), { email, role: 'agent' })
    const { account } = await it.access.redeem(contextOf(), {
      token: link.token,
      name: 'Sample',
      password: GOOD_PASSWORD,
    })
    if (!withFactor) return { email, secret: '', codes: [] as readonly string[] }
    const begun = await it.access.signIn.begin(contextOf(), account, workspace)
    const person = await enrolled(it, begun.token, email)
    return { email, secret: person.secret, codes: person.recoveryCodes }
  }

  /** The owner’s context without asking for the session, which time has ended by now. */
  async function freshOwner() {
    const caller =
      (await callerOf(it.access, owner.token)).id === ''
        ? ownerCaller
        : await callerOf(it.access, owner.token)
    ownerCaller = caller
    return contextOf(caller)
  }
  let ownerCaller = contextOf().caller
  before(async () => {
    ownerCaller = await callerOf(it.access, owner.token)
  })

  /** The model: what level the cookie in hand has proven, and nothing else. */
  async function play(withFactor: boolean, steps: readonly Step[]): Promise<void> {
    const person = await somebody(withFactor)
    let hasFactor = withFactor
    let token = ''
    let old = ''
    let level = 'none'
    let offered = { factorId: '00000000-0000-7000-8000-000000000000', secret: 'A'.repeat(32) }
    let secret = person.secret
    let spent = ''
    let recovery = [...person.codes]
    let spentRecovery = 'A'.repeat(24)
    const context = async () => contextOf(await callerOf(it.access, token))
    /** Runs a step that may be refused; what it did counts only when it was not. */
    const may = async <Result>(run: () => Promise<Result>): Promise<Result | null> => {
      try {
        return await run()
      } catch (error) {
        assert.ok(error instanceof Problem, String(error))
        return null
      }
    }
    const code = async (typed: string): Promise<boolean> => {
      const before = level
      const done = await may(async () =>
        it.access.signIn.code(await context(), { code: typed, device: null }),
      )
      if (done === null) return false
      assert.equal(before, 'password', 'a code raised a session that did not wait for one')
      old = token
      ;({ token, level } = done)
      return true
    }
    const password = async (typed: string): Promise<void> => {
      const done = await may(async () =>
        it.access.signIn.password(await context(), { email: person.email, password: typed, device: null }),
      )
      if (done === null) return
      assert.equal(typed, GOOD_PASSWORD)
      assert.equal(done.level, hasFactor ? 'password' : 'enrolling')
      old = token === '' ? old : token
      ;({ token, level } = done)
    }
    const actions: Record<Step, () => Promise<void>> = {
      'right password': () => password(GOOD_PASSWORD),
      'wrong password': () => password('Wrong-pass-2026'),
      'right code': async () => {
        if (secret === '') return
        const typed = codeNow(it.clock, secret)
        if (await code(typed)) {
          assert.notEqual(typed, spent)
          spent = typed
        }
      },
      'used code': async () => assert.equal(spent !== '' && (await code(spent)), false),
      'wrong code': async () => assert.equal(await code('A'.repeat(24)), false),
      'recovery code': async () => {
        const [first = ''] = recovery
        if (first === '' || !(await code(first))) return
        recovery = recovery.slice(1)
        spentRecovery = first
      },
      'used recovery code': async () => assert.equal(await code(spentRecovery), false),
      'start enrolling': async () => {
        const made = await may(async () => it.access.factors.enrol(await context(), 'sample'))
        if (made === null) return
        assert.equal(level, 'enrolling')
        offered = made
      },
      'confirm enrolling': async () => {
        const typed = codeNow(it.clock, offered.secret)
        const done = await may(async () =>
          it.access.factors.confirmEnrolment(await context(), {
            factorId: offered.factorId,
            code: typed,
            device: null,
          }),
        )
        if (done === null) return
        assert.equal(level, 'enrolling')
        assert.equal(hasFactor, false)
        old = token
        ;({ token } = done)
        level = 'full'
        hasFactor = true
        secret = offered.secret
        spent = typed
        recovery = [...done.recoveryCodes]
      },
      'old token again': async () => {
        if (old !== '' && old !== token) assert.equal((await callerOf(it.access, old)).kind, 'anonymous')
      },
      'sign out': async () => {
        await it.access.signOut(await context())
        old = token
        token = ''
        level = 'none'
      },
      'half an hour': async () => {
        it.clock.advanceSeconds(1800)
        level = 'none'
      },
      'half a minute': async () => it.clock.advanceSeconds(30),
    }
    for (const step of steps) {
      await actions[step]()
      const caller = await callerOf(it.access, token)
      // A waiting session may end earlier than the model knows; it may never be further than the model.
      if (caller.level === 'none') level = 'none'
      assert.equal(caller.level, level, `after ${step}`)
      reached.add(level)
      if (level === 'full') assert.ok(hasFactor)
      else assert.deepEqual([...caller.permissions].toSorted(), ['public', 'self.sign-in'])
    }
  }

  const reached = new Set<string>()

  test('policy 3.1-0: no order of steps gives a level that was not proven', async () => {
    const one = fc.constantFrom(...STEPS).map((step): readonly Step[] => [step])
    const usual = fc.constantFrom<(readonly Step[])[]>(
      ['right password', 'right code'],
      ['right password', 'recovery code'],
      ['right password', 'start enrolling', 'confirm enrolling'],
    )
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: one }, usual), { minLength: 2, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, (withFactor, some) => play(withFactor, some.flat())),
      { numRuns: 80 },
    )
    // The walk went everywhere; otherwise it would prove nothing.
    assert.equal(reached.size, 4)
  })
})
