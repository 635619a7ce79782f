import { HOUR } from '../kernel/clock.ts'
import { randomUUID } from 'node:crypto'
import { localProgram } from '../kernel/caller.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { observed } from '../kernel/observed.ts'
import type { AuditSystem } from './observed-system.ts'
import { requestsWithEvents } from './queries.ts'

/** What the running system answers about reading the log. */
interface ReadingRules {
  readonly anonymousStatus: number
  readonly roles: readonly string[]
  /** Reads one event of the provider as the check and tells whether that reading was recorded. */
  readonly recorded: boolean
}

function readingIsRestricted(rules: ReadingRules): Observation {
  const wrong = rules.roles.filter((role) => !READERS.includes(role))
  const failures = [
    ...(rules.anonymousStatus === 401
      ? []
      : [`without signing in the log answered ${rules.anonymousStatus}, not 401`]),
    ...wrong.map((role) => `the role ${role} may read the log`),
    ...(rules.recorded ? [] : ['reading the log left no event']),
  ]
  const says = `nobody reads the log without signing in, only ${rules.roles.join(', ')} may, and reading it is recorded`
  return observed(
    failures,
    says,
    { status: rules.anonymousStatus },
    { count: rules.roles.length, coverage: 1, of: 'roles' },
  )
}

/** Who may read logs: owners and administrators of a workspace their own, auditors, and the provider's security staff. */
const READERS = ['owner', 'admin', 'auditor', 'administrator', 'security-officer', 'staff-auditor']

async function readingRules(system: AuditSystem): Promise<ReadingRules> {
  const requestId = randomUUID()
  const caller = localProgram('operator', 'audit.check')
  await system.reader.list({ requestId, caller }, { tenant: null, most: 1 })
  const recorded = (await requestsWithEvents(system.db, [requestId])).length === 1
  return { anonymousStatus: await system.anonymous('/api/audit/events'), roles: system.readers(), recorded }
}

/** Policy 8.2-b: access to logs is restricted and monitored. */
export const logAccess: Control<AuditSystem> = control({
  id: 'log-access',
  clauses: ['8.2-b'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['platform/audit/reading.ts', 'platform/audit/routes.ts', 'platform/access/roles'],
  looks:
    'Asks for the log without signing in, lists the roles that may read it, reads once and looks for the event of that reading.',
  breaks: 'A log that answers without signing in, and that agents may read, must be found.',
  check: async (system) => readingIsRestricted(await readingRules(system)),
  knownBad: async (system) => {
    const rules = await readingRules(system)
    // The public checkpoint stands in for a log that anyone may read.
    const anonymousStatus = await system.anonymous('/ledger/checkpoint')
    return readingIsRestricted({ ...rules, anonymousStatus, roles: [...rules.roles, 'agent'] })
  },
})
