import { eventsOfRequests } from '../../audit/index.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { observed } from '../../kernel/observed.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access } from '../access.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import { checkContext, probePassword, withProbe } from './probe-person.ts'

/** Tries a password and gives the id of the request; a refusal is expected and not an error. */
async function attempt(
  system: AccessSystem,
  access: Access,
  email: string,
  password: string,
): Promise<string> {
  const context = checkContext(system)
  try {
    await access.signIn.password(context, { email, password, device: null })
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'access.refused') throw error
  }
  return context.requestId
}

/** One attempt that fails and one that succeeds must each be in the log, with their outcome. */
function look(system: AccessSystem, access: Access): Promise<Observation> {
  return withProbe(system, async ({ email, password }) => {
    const expected = new Map([
      [await attempt(system, access, email, probePassword()), 'refused'],
      [await attempt(system, access, email, password), 'success'],
    ])
    const events = await eventsOfRequests(system.parts.db, [...expected.keys()])
    const missing = [...expected].filter(
      ([id, outcome]) =>
        !events.some(
          (one) => one.request_id === id && one.outcome === outcome && one.kind === 'authentication',
        ),
    )
    const failures = missing.map(
      ([, outcome]) => `an attempt to sign in with the outcome “${outcome}” left no event`,
    )
    const saw =
      'a failed and a successful attempt of a probe account are both in the audit log, with their outcome'
    return observed(
      failures,
      saw,
      { attempts: expected.size },
      { count: expected.size, coverage: 1, of: 'attempts' },
    )
  })
}

/** Policy 8.1-b. */
export const attemptsRecorded: Control<AccessSystem> = control({
  id: 'attempts-recorded',
  clauses: ['8.1-b'],
  reads: [],
  everySeconds: QUARTER_HOUR,
  enforcedIn: ['platform/access/sign-in/password-step.ts', 'platform/audit/record.ts'],
  looks:
    'Signs a probe account in with a wrong and with the right password and looks for both in the audit log.',
  breaks: 'Does the same at a twin whose log drops what was refused.',
  check: (system) => look(system, system.access),
  knownBad: (system) => {
    const { audit } = system.parts
    const forgetful: typeof audit = {
      record: async (db, event) => {
        if (event.outcome === 'success') await audit.record(db, event)
      },
    }
    return withTwin(system, { audit: forgetful }, (twin) => look(system, twin))
  },
})
