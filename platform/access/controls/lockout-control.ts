import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { newSecret } from '../../kernel/secret.ts'
import type { Access } from '../access.ts'
import { lockoutFailures } from '../parameters.ts'
import { rememberDevice, type DeviceToken } from '../sign-in/device.ts'
import { unlock } from '../sign-in/lockout.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import { checkContext, probePassword, withProbe, type ProbePerson } from './probe-person.ts'
import { lettersTo } from './queries.ts'

async function accepted(
  system: AccessSystem,
  access: Access,
  { email, password }: Pick<ProbePerson, 'email' | 'password'>,
  device: DeviceToken | null = null,
): Promise<boolean> {
  try {
    await access.signIn.password(checkContext(system), { email, password, device })
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'access.refused') return false
    throw error
  }
}

/** One wrong attempt too few must not lock, the policy's number must. */
async function lockIt(system: AccessSystem, access: Access, person: ProbePerson): Promise<string[]> {
  const limit = system.parts.policy.read(lockoutFailures)
  const wrong = { email: person.email, password: probePassword() }
  const failures: string[] = []
  for (const times of [limit - 1, limit]) {
    for (let at = 0; at < times; at += 1)
      if (await accepted(system, access, wrong)) failures.push('a wrong password was accepted')
    const right = await accepted(system, access, person)
    if (right === (times === limit))
      failures.push(`after ${times} wrong passwords the right one was ${right ? 'accepted' : 'refused'}`)
  }
  return failures
}

/** While the account is locked its owner gets in on a known device, has a letter, and can lift the lock. */
async function waysOut(
  system: AccessSystem,
  access: Access,
  person: ProbePerson,
  device: DeviceToken,
): Promise<string[]> {
  const { db } = system.parts
  const failures: string[] = []
  if (!(await accepted(system, access, person, device)))
    failures.push('a device that the account knows was locked out with the strangers')
  await access.passwords.settled()
  if ((await lettersTo(db, person.id, 'account-locked')) === 0)
    failures.push('no letter told the owner of the lock')
  await db.transaction().execute((tx) => unlock(system.parts, tx, checkContext(system), person.id))
  if (!(await accepted(system, access, person))) failures.push('the lock stayed after it was lifted')
  return failures
}

/** `known` gives the device that the owner uses; a broken twin forgets it. */
function look(
  system: AccessSystem,
  access: Access,
  known: (account: string) => Promise<DeviceToken>,
): Promise<Observation> {
  const limit = system.parts.policy.read(lockoutFailures)
  return withProbe(system, async (person) => {
    const device = await known(person.id)
    const failures = await lockIt(system, access, person)
    failures.push(...(await waysOut(system, access, person, device)))
    const saw = `after ${limit - 1} wrong passwords the right one was accepted, after ${limit} it was refused; meanwhile a known device got in, the owner was written to, and the lock could be lifted`
    return observed(failures, saw, { limit }, { count: 2 * limit + 3, coverage: 1, of: 'attempts' })
  })
}

/** Policy 3.3-d. */
export const lockoutHolds: Control<AccessSystem> = control({
  id: 'account-lockout',
  clauses: ['3.3-d'],
  reads: [lockoutFailures],
  everySeconds: QUARTER_HOUR,
  enforcedIn: ['platform/access/sign-in/lockout.ts', 'platform/access/sign-in/password-step.ts'],
  looks:
    'Tries a probe account with wrong passwords, one too few and as many as the policy says, then with the right one, on a strange and on a known device, and lifts the lock.',
  breaks: 'Does the same at a twin that allows one wrong password more, and with a device that nobody knows.',
  check: (system) => look(system, system.access, (account) => knownDeviceOf(system, account)),
  knownBad: async (system) => {
    const { policy } = system.parts
    const laxer = policyWith({ [lockoutFailures.name]: policy.read(lockoutFailures) + 1 }, policy)
    return everyBreakFound({
      'one attempt more': await withTwin(system, { policy: laxer }, (twin) =>
        look(system, twin, (account) => knownDeviceOf(system, account)),
      ),
      'a forgotten device': await withTwin(system, {}, (twin) => look(system, twin, async () => newSecret())),
    })
  },
})

function knownDeviceOf({ parts }: AccessSystem, account: string): Promise<DeviceToken> {
  return parts.db.transaction().execute((tx) => rememberDevice(tx, parts, account, null))
}
