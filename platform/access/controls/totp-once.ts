import { control, type Control, type Observation } from '../../kernel/control.ts'
import { observed } from '../../kernel/observed.ts'
import { Problem } from '../../kernel/problem.ts'
import { QUARTER_HOUR, type AccessSystem } from './observed-system.ts'
import { askWith, contextOfToken, enrolProbe, tryPassword, withProbe } from './probe-person.ts'
import { forgetSpentCodes } from './queries.ts'

/** Enrols a probe account, signs it in with a code, and offers the same code once more; `between` may break things. */
function look(system: AccessSystem, between: (account: string) => Promise<void>): Promise<Observation> {
  return withProbe(system, async (person) => {
    const started = performance.now()
    const enrolled = await enrolProbe(system, person)
    const code = enrolled.nextCode()
    const failures: string[] = []
    const first = await offer(system, person, code)
    if (first === null) failures.push('a right code was refused')
    else {
      const { status } = await askWith(system.door, first, '/api/access/sessions')
      if (status !== 200) failures.push(`a session with both factors got ${status}`)
    }
    await between(person.id)
    if ((await offer(system, person, code)) !== null) failures.push('a code was accepted twice')
    const wrong = code === '000000' ? '000001' : '000000'
    if ((await offer(system, person, wrong)) !== null) failures.push('a wrong code was accepted')
    const journeyMs = Math.round(performance.now() - started)
    const saw =
      'a probe account enrolled a factor and signed in with its code; the same code again and a wrong one were refused'
    return observed(failures, saw, { journeyMs }, { count: 3, coverage: 1, of: 'codes offered' })
  })
}

async function offer(
  system: AccessSystem,
  person: { readonly email: string; readonly password: string },
  code: string,
) {
  const begun = await tryPassword(system, system.access, person)
  try {
    const context = await contextOfToken(system, begun.token)
    return (await system.access.signIn.code(context, { code, device: null })).token
  } catch (error) {
    if (error instanceof Problem && error.code === 'access.code-refused') return null
    throw error
  }
}

/** Policy 3.1-a. */
export const totpWorksOnce: Control<AccessSystem> = control({
  id: 'totp-works-once',
  clauses: ['3.1-a'],
  reads: [],
  everySeconds: QUARTER_HOUR,
  enforcedIn: ['platform/access/factors/totp.ts', 'platform/access/factors/fresh-code.ts'],
  looks:
    'Enrols a probe account, signs in with a time-based code, and offers that code again and a wrong one.',
  breaks: 'Forgets which codes were spent, so that the second offer is accepted.',
  check: (system) => look(system, async () => {}),
  knownBad: (system) => look(system, (account) => forgetSpentCodes(system.parts.db, account)),
})
