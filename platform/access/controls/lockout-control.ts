import { control, type Control, type Observation } from '../../kernel/control.ts'
import { observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access } from '../access.ts'
import { lockoutFailures } from '../parameters.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import { probePassword, tryPassword, withProbe } from './probe-person.ts'

async function accepted(
  system: AccessSystem,
  access: Access,
  person: { readonly email: string; readonly password: string },
): Promise<boolean> {
  try {
    await tryPassword(system, access, person)
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'access.refused') return false
    throw error
  }
}

/** One wrong attempt too few must not lock, the policy's number must. */
function look(system: AccessSystem, access: Access): Promise<Observation> {
  const limit = system.parts.policy.read(lockoutFailures)
  return withProbe(system, async (person) => {
    const wrong = { email: person.email, password: probePassword() }
    const failures: string[] = []
    for (const times of [limit - 1, limit]) {
      for (let at = 0; at < times; at += 1)
        if (await accepted(system, access, wrong)) failures.push('a wrong password was accepted')
      const right = await accepted(system, access, person)
      if (right === (times === limit))
        failures.push(`after ${times} wrong passwords the right one was ${right ? 'accepted' : 'refused'}`)
    }
    const saw = `after ${limit - 1} wrong passwords the right one was accepted, after ${limit} it was refused`
    return observed(failures, saw, { limit }, { count: 2 * limit + 1, coverage: 1, of: 'attempts' })
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
    'Tries a probe account with wrong passwords, one too few and as many as the policy says, and then with the right one.',
  breaks: 'Does the same at a twin that allows one wrong password more.',
  check: (system) => look(system, system.access),
  knownBad: (system) => {
    const { policy } = system.parts
    const laxer = policyWith({ [lockoutFailures.name]: policy.read(lockoutFailures) + 1 }, policy)
    return withTwin(system, { policy: laxer }, (twin) => look(system, twin))
  },
})
