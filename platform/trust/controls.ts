import type { Clock } from '../kernel/clock.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { control, declare, type Control, type Declaration, type Observation } from '../kernel/control.ts'
import { securityTxt, securityTxtFaults } from './security-txt.ts'

/** The running system as the controls of chapter 15 observe it. */
export interface TrustSystem {
  readonly clock: Clock
  readonly contact: string
  readonly origin: string
  /** A request without credentials through the gateway. */
  readonly fetch: (
    path: string,
  ) => Promise<{ readonly status: number; readonly type: string; readonly text: string }>
}

function judge(status: number, type: string, text: string, now: Date): Observation {
  const faults = [
    ...(status === 200 ? [] : [`security.txt answered ${status}`]),
    ...(/^text\/plain\b/.test(type) ? [] : ['it is not sent as text/plain']),
    ...securityTxtFaults(text, now),
  ]
  return {
    result: faults.length === 0 ? 'pass' : 'fail',
    saw:
      faults.length === 0
        ? 'security.txt is served over HTTPS, fits RFC 9116 and has not expired'
        : faults.join('; '),
    metrics: { status },
    scope: { count: 1, coverage: 1, of: 'security.txt files' },
  }
}

/** Policy 15-b: `security.txt`. */
export const securityTxtServed: Control<TrustSystem> = control({
  id: 'security-txt-served',
  clauses: ['15-b'],
  reads: [],
  everySeconds: 3600,
  enforcedIn: ['platform/trust/security-txt.ts'],
  looks: 'Fetches security.txt through the gateway and reads it by the grammar of RFC 9116.',
  breaks: 'A file that expired yesterday must be refused.',
  check: async (system) => {
    const { status, type, text } = await system.fetch('/.well-known/security.txt')
    return judge(status, type, text, system.clock.now())
  },
  knownBad: (system) => {
    const now = secondsAfter(system.clock.now(), -91 * 86_400)
    const expired = securityTxt({ contact: system.contact, origin: system.origin, now })
    return Promise.resolve(judge(200, 'text/plain', expired, system.clock.now()))
  },
})

/** The controls of chapter 15; without a contact there is nothing to prove. */
export function trustControls(contact: string): readonly Control<TrustSystem>[] {
  return contact === '' ? [] : [securityTxtServed]
}

/** The clauses of chapters 13 and 15 that no control proves. */
export function trustDeclarations(contact: string): readonly Declaration[] {
  const missing =
    'No security contact is configured (SECURITY_CONTACT), so this file is refused instead of promising an address.'
  return [
    ...declare(
      'shared',
      ['13-0'],
      'The list below says who does what; a scorecard for each customer is not built yet.',
    ),
    ...declare(
      'shared',
      ['13-a', '13-c', '13-d', '13-e', '13-f'],
      'This part is the customer’s; what they do is not measured yet.',
    ),
    ...declare(
      'unproven',
      ['13-b'],
      'A second factor is required of every account (3.1-0); which factors customers choose is not shown yet.',
    ),
    ...(contact === '' ? declare('unproven', ['15-b'], missing) : []),
    ...declare(
      'unproven',
      ['15-a'],
      contact === ''
        ? 'No security contact is configured (SECURITY_CONTACT).'
        : 'Nothing shows yet that a message to the contact reaches a person.',
    ),
    ...declare('unproven', ['15-c'], 'There is no form for privacy requests yet.'),
  ]
}
