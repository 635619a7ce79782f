import { HOUR } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import type { Door } from '../direct-door.ts'
import { passwordClasses, passwordLength } from '../parameters.ts'
import { storeInvitation } from '../people/links.ts'
import { withTwin, type AccessSystem } from './observed-system.ts'
import { CHECK_ORIGIN, checkContext, probeEmail, withProbe } from './probe-person.ts'
import { deleteProbe, PROBE_WORKSPACE } from './queries.ts'

/** A password of exactly so many characters from exactly so many classes. */
function specimen(length: number, classes: number): string {
  const kinds = ['abcdefgh', 'QRSTUVWX', '24680135', '!-_+=?.,'].slice(0, classes)
  return Array.from({ length }, (_, at) => (kinds[at % classes] ?? '').charAt((at * 3) % 8)).join('')
}

/** Redeems an invitation with passwords just below the rule and with one that just meets it. */
function look(system: AccessSystem, door: Door): Promise<Observation> {
  const { parts } = system
  const length = parts.policy.read(passwordLength)
  const classes = Number(parts.policy.read(passwordClasses))
  const offers = [
    { password: specimen(length - 1, 4), wanted: 422, is: `${length - 1} characters` },
    { password: specimen(length, classes - 1), wanted: 422, is: `${classes - 1} character classes` },
    { password: specimen(length, classes), wanted: 200, is: `${length} characters of ${classes} classes` },
  ]
  return withProbe(system, async () => {
    const email = probeEmail()
    const invitation = { workspace: PROBE_WORKSPACE, email, role: 'agent', probe: true } as const
    const made = await parts.db
      .transaction()
      .execute((tx) => storeInvitation(parts, tx, checkContext(system), invitation))
    const failures: string[] = []
    try {
      for (const { password, wanted, is } of offers) {
        const status = await redeem(door, made.token, password)
        if (status !== wanted) failures.push(`a password of ${is} was answered with ${status}, not ${wanted}`)
      }
    } finally {
      await deleteProbe(parts.db, await emailLookUp(parts.keys, email))
    }
    const saw = `passwords of ${length - 1} characters and of ${classes - 1} classes were refused, one of ${length} characters and ${classes} classes was accepted`
    return observed(
      failures,
      saw,
      { length, classes },
      { count: offers.length, coverage: 1, of: 'passwords offered' },
    )
  })
}

async function redeem(door: Door, token: string, password: string): Promise<number> {
  const headers = { 'content-type': 'application/json', 'user-agent': CHECK_ORIGIN.userAgent }
  const body = JSON.stringify({ token, name: 'Check', password })
  return (await door.request('/api/access/welcome', { method: 'POST', headers, body })).status
}

/** Policy 3.3-a. */
export const passwordRuleHolds: Control<AccessSystem> = control({
  id: 'password-rule',
  clauses: ['3.3-a'],
  reads: [passwordLength, passwordClasses],
  everySeconds: HOUR,
  enforcedIn: ['platform/access/passwords/password-rule.ts'],
  looks:
    'Redeems an invitation at the gateway with passwords one character or one class too weak, and with one that just meets the rule.',
  breaks: 'Sends the same to twins that accept a character less and a class less.',
  check: (system) => look(system, system.door),
  knownBad: async (system) => {
    const { policy } = system.parts
    const shorter = policyWith({ [passwordLength.name]: policy.read(passwordLength) - 1 }, policy)
    const plainer = policyWith(
      { [passwordClasses.name]: String(Number(policy.read(passwordClasses)) - 1) },
      policy,
    )
    return everyBreakFound({
      'a character less': await withTwin(system, { policy: shorter }, (_, door) => look(system, door)),
      'a class less': await withTwin(system, { policy: plainer }, (_, door) => look(system, door)),
    })
  },
})
