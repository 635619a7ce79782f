import { listenFor } from '../db/index.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { CompiledPolicy } from './compile.ts'
import { findDrift, sameDrift, type DriftDeps } from './drift.ts'
import { newestRuns, openExceptions, storedAttestations } from './evidence-queries.ts'
import type { LivePolicy } from './in-force.ts'
import type { LintFacts } from './lint/finding.ts'
import { lintPolicy } from './lint/lint-policy.ts'
import { policyStatus, type Evidence, type PolicyStatus } from './policy-status.ts'
import { compileText, type SignedPolicy } from './published.ts'
import { openDrifts } from './queries.ts'
import type { ControlRegistry } from './registry.ts'

/** What lint is told besides the time. */
export type KnownFacts = Omit<LintFacts, 'today' | 'lastPublishedAt'>

/** Knows the status of every clause; what it says is at most five seconds older than the evidence. */
export interface StatusBoard {
  status(): Promise<PolicyStatus>
  stop(): Promise<void>
}

/** What the board needs; `known` says what is known outside of the text. */
export interface StatusBoardDeps extends DriftDeps {
  readonly databaseUrl: string
  readonly log: Log
  readonly registry: ControlRegistry
  readonly policy: Pick<LivePolicy, 'text' | 'values' | 'version' | 'publishedAt'>
  readonly program: Buffer
  readonly known: () => KnownFacts
}

/** How long loaded evidence is used when no notice says that there is more, in seconds. */
const EVIDENCE_SECONDS = 5

/** Opens the board. Evidence is held in memory; the status words are computed anew each time, since time alone changes them. */
export async function openStatusBoard(deps: StatusBoardDeps): Promise<StatusBoard> {
  const { policy, registry, program, clock } = deps
  let held: { readonly at: Date; readonly evidence: Promise<Evidence> } | undefined
  const forget = (): void => {
    held = undefined
  }
  const current = (): Promise<Evidence> => {
    const now = clock.now()
    if (held !== undefined && secondsAfter(held.at, EVIDENCE_SECONDS) > now) return held.evidence
    const loading = { at: now, evidence: loadEvidence(deps, now) }
    held = loading
    loading.evidence.catch(() => {
      if (held === loading) forget()
    })
    return loading.evidence
  }
  const stop = await listenFor(
    deps.databaseUrl,
    { evidence_recorded: forget, policy_changed: forget },
    {
      reconnected: forget,
      lost: (error) => deps.log.warn(errorRecord(error), 'evidence notices interrupted'),
    },
  )
  return {
    status: async () => {
      const evidence = await current()
      const facts = {
        text: policy.text(),
        registry,
        program,
        version: policy.version(),
        publishedAt: policy.publishedAt(),
        values: policy.values(),
      }
      return policyStatus(facts, evidence, clock.now())
    },
    stop,
  }
}

async function loadEvidence(deps: StatusBoardDeps, now: Date): Promise<Evidence> {
  const held = deps.policy.text()
  // The text in memory is the compiled one when its hash is the one that was just verified.
  const compile = (signed: SignedPolicy): CompiledPolicy =>
    signed.newest.textHash.toString('hex') === held.textHash
      ? held
      : compileText(signed.files, deps.parameters)
  const found = await findDrift({ ...deps, compile })
  const known = await openDrifts(deps.db)
  const controls = deps.registry.controls.map(({ id }) => id)
  return {
    runs: await newestRuns(deps.db, controls),
    attestations: await storedAttestations(deps.db),
    exceptions: await openExceptions(deps.db, now),
    drifts: found.map((drift) => ({
      ...drift,
      since: known.find((one) => sameDrift(one, drift))?.since ?? now,
    })),
    findings: lintPolicy(deps.policy.text(), {
      ...deps.known(),
      today: now,
      lastPublishedAt: deps.policy.publishedAt(),
    }),
  }
}
