import { DAY, secondsAfter, secondsBetween, type Clock } from '../kernel/clock.ts'
import { control, declare, type Control, type Declaration, type Observation } from '../kernel/control.ts'
import { Problem } from '../kernel/problem.ts'
import { undone } from '../db/index.ts'
import { findDrift, type Drift, type DriftDeps } from './drift.ts'
import type { LivePolicy } from './in-force.ts'
import { policyReview } from './parameters.ts'
import { loadSigned, verifyText, type SignedPolicy } from './published.ts'
import { breakInForce } from './queries.ts'
import { registryFaults, type Registered } from './registry.ts'

/** The running system as the controls of the policy itself see it. */
export interface PolicySystem extends DriftDeps {
  readonly policy: Pick<LivePolicy, 'text' | 'read' | 'publishedAt' | 'version'>
  /** Everything that was registered; asked when a check runs, since the controls themselves are part of it. */
  readonly registered: () => Registered
}

/** What the known-bad run of the drift check writes in place of a value. */
const PLANTED = 'changed by a known-bad run'

/** Policy P-a. What is shown is what was signed. */
export const signedText: Control<PolicySystem> = control({
  id: 'policy-signed-text',
  clauses: ['P-a'],
  reads: [],
  everySeconds: 600,
  enforcedIn: ['platform/policy/published.ts', 'platform/policy/in-force.ts'],
  looks:
    'Verifies the signature of every version and compares the text that pages are made from with the signed one.',
  breaks: 'Changes one character of a copy of the signed text.',
  check: async (system) => observeText(await required(system), system.policy.text().textHash),
  knownBad: async (system) => {
    const signed = await required(system)
    const files = signed.files.map((file, index) => (index === 0 ? { ...file, text: `${file.text}.` } : file))
    return observeText({ ...signed, files }, system.policy.text().textHash)
  },
})

/** Policy P-b, 1.2-b, 14-a. The newest version is not older than the review interval. */
export const reviewDue: Control<PolicySystem> = control({
  id: 'policy-review-due',
  clauses: ['P-b', '1.2-b', '14-a'],
  reads: [policyReview],
  everySeconds: 3600,
  enforcedIn: ['platform/policy/versions.ts', 'platform/policy/controls.ts'],
  looks: 'Compares the age of the newest published version with the longest time between two reviews.',
  breaks: 'Looks with a clock that is a day past the due date.',
  check: async (system) => observeReview(system, system.clock),
  knownBad: async (system) => {
    const past = secondsAfter(system.policy.publishedAt(), system.policy.read(policyReview) + DAY)
    return observeReview(system, { now: () => past })
  },
})

/** Policy 14-a. Nothing in the system differs from the published text. */
export const noDrift: Control<PolicySystem> = control({
  id: 'policy-drift',
  clauses: ['14-a'],
  reads: [policyReview],
  everySeconds: 300,
  enforcedIn: ['platform/policy/drift.ts', 'platform/policy/in-force.ts'],
  looks:
    'Compiles the signed text anew and compares it with the table of values in force and with what each process obeys.',
  breaks: 'Changes the stored review interval past the publisher, in a transaction that is undone.',
  check: async (system) => observeDrift(system, await findDrift(system)),
  knownBad: async (system) =>
    undone(system.db, async (db) => {
      await breakInForce(db, policyReview.name, 1, PLANTED)
      const found = await findDrift({ ...system, db })
      // Only what was planted counts: a drift that is there anyway must not make the run look red.
      const planted = found.filter(
        ({ parameter, found: is }) => parameter === policyReview.name && is.includes(PLANTED),
      )
      return observeDrift(system, planted)
    }),
})

/** Policy P-d. Every sentence has a control or an open declaration. */
export const coverage: Control<PolicySystem> = control({
  id: 'policy-coverage',
  clauses: ['P-d'],
  reads: [],
  everySeconds: 3600,
  enforcedIn: ['platform/policy/registry.ts', 'platform/policy/compile.ts'],
  looks:
    'Compares the clauses of the published text with the controls and declarations of the running program.',
  breaks: 'Leaves out the controls and declarations of one clause.',
  check: async (system) => observeCoverage(system, system.registered()),
  knownBad: async (system) => observeCoverage(system, without(system.registered(), 'P-d')),
})

/** The controls of the preamble, of 1.2-b and of chapter 14. */
export const policyControls: readonly Control<PolicySystem>[] = [signedText, reviewDue, noDrift, coverage]

/** The clauses of the preamble and of chapter 14 that no control proves. */
export const policyDeclarations: readonly Declaration[] = [
  ...declare(
    'narrative',
    ['P-c'],
    'A commitment in general words; the clauses below say what it consists of.',
  ),
  ...declare(
    'unproven',
    ['14-b'],
    'Weaker values are held back for the notice period, but nothing tells customers of a change yet, so the promise as a whole is not proven.',
  ),
]

async function required(system: PolicySystem): Promise<SignedPolicy> {
  const signed = await loadSigned(system)
  if (signed === null) throw new Problem('service.starting', 'No policy has been published yet.')
  return signed
}

function observeText(signed: SignedPolicy, shownHash: string): Observation {
  const scope = { count: signed.files.length, coverage: 1, of: 'files of the policy' }
  const { number, textHash, signer } = signed.newest
  const metrics = { version: number, textHash: textHash.toString('hex'), signer }
  try {
    verifyText(signed.newest, signed.files)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { result: 'fail', saw: error.detail, metrics, scope }
  }
  const same = shownHash === textHash.toString('hex')
  const saw = same
    ? `Version ${number} is signed, and pages are made from exactly its text.`
    : `Pages are made from another text than that of the signed version ${number}.`
  return { result: same ? 'pass' : 'fail', saw, metrics, scope }
}

function observeReview(system: PolicySystem, clock: Clock): Observation {
  const published = system.policy.publishedAt()
  const due = secondsAfter(published, system.policy.read(policyReview))
  const daysLeft = Math.floor(secondsBetween(clock.now(), due) / DAY)
  const overdue = clock.now() > due
  const dates = `last updated on ${day(published)}, next review due on ${day(due)}`
  return {
    result: overdue ? 'fail' : 'pass',
    saw: overdue ? `The review is overdue: ${dates}.` : `The policy is inside its interval: ${dates}.`,
    metrics: { lastUpdated: published.toISOString(), reviewDue: due.toISOString(), daysLeft },
    scope: { count: 1, coverage: 1, of: 'policy' },
  }
}

function day(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

function observeDrift(system: PolicySystem, drift: readonly Drift[]): Observation {
  const count = system.parameters.length
  const places = drift.map((one) => `${one.parameter} in ${one.place}`)
  return {
    result: drift.length === 0 ? 'pass' : 'fail',
    saw:
      drift.length === 0
        ? `All ${count} values in force are those of the published text.`
        : `Not as published: ${places.join(', ')}.`,
    metrics: { values: count, differing: drift.length, version: system.policy.version() },
    scope: { count, coverage: 1, of: 'values of the policy' },
  }
}

function observeCoverage(system: PolicySystem, registered: Registered): Observation {
  const faults = registryFaults(registered)
  const written = [...system.policy.text().clauses.keys()]
  const unknown = written.filter((id) => !registered.catalogue.some((entry) => entry.id === id))
  const proven = new Set(registered.controls.flatMap(({ clauses }) => clauses))
  const bad = faults.length + unknown.length
  return {
    result: bad === 0 ? 'pass' : 'fail',
    saw:
      bad === 0
        ? `Each of ${written.length} sentences has a control or says openly why it has none.`
        : [...faults, ...unknown.map((id) => `${id}: not in the catalogue`)].slice(0, 3).join('; '),
    metrics: {
      sentences: written.length,
      withControl: proven.size,
      declared: registered.declarations.length,
      faults: bad,
    },
    scope: { count: written.length, coverage: 1, of: 'sentences' },
  }
}

function without(registered: Registered, clause: string): Registered {
  return {
    ...registered,
    controls: registered.controls.filter(({ clauses }) => !clauses.includes(clause)),
    declarations: registered.declarations.filter((one) => one.clause !== clause),
  }
}
