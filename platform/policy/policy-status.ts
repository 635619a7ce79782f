import type { BoundControl, Declaration } from '../kernel/control.ts'
import { checkCodeHash } from './check-code.ts'
import type { CatalogueEntry, ClauseKind } from './clause-catalogue.ts'
import type { CompiledPolicy } from './compile.ts'
import type { ControlFacts, ControlRun } from './control-status.ts'
import type { Drift } from './drift.ts'
import type { Attestation, Exception, NewestRun, Run } from './evidence-queries.ts'
import type { InForceValues } from './in-force-values.ts'
import type { Finding } from './lint/finding.ts'
import { contradictionsOf } from './lint/lint-policy.ts'
import type { ControlRegistry } from './registry.ts'
import { clauseStatus, rollUp, type ClauseFacts, type RolledStatus } from './status.ts'
import { STATUS_WORDS, type StatusWord } from './status-word.ts'
import type { Clause } from './text.ts'

/** A control with its newest runs. */
export interface ControlState {
  readonly control: BoundControl
  readonly check: Run | null
  /** The newest known-bad run of the present code. */
  readonly knownBad: Run | null
  /** When completed checks began to fail; null when the last completed one passed. */
  readonly failingSince: Date | null
}

/** A difference from the text, with when it was first seen. */
export interface DriftState extends Drift {
  readonly since: Date
}

/** All that is known about one clause. */
export interface ClauseState {
  readonly clause: Clause
  readonly entry: CatalogueEntry<string>
  readonly status: RolledStatus
  readonly controls: readonly ControlState[]
  readonly declaration: Declaration | null
  readonly attestations: readonly Attestation[]
  readonly exceptions: readonly Exception[]
  readonly drifts: readonly DriftState[]
  readonly contradictions: readonly string[]
}

/** How many clauses stand at each status word. */
export type WordCounts = Readonly<Record<StatusWord, number>>

/** The whole policy with the status of each of its clauses at one moment. */
export interface PolicyStatus {
  readonly at: Date
  readonly version: number
  readonly publishedAt: Date
  readonly text: CompiledPolicy
  readonly values: InForceValues
  readonly clauses: ReadonlyMap<string, ClauseState>
  readonly counts: WordCounts
  /** The same by the main kind of the clauses. */
  readonly countsByKind: ReadonlyMap<ClauseKind, WordCounts>
  /** What lint found in the text. */
  readonly findings: readonly Finding[]
}

/** What was recorded about the clauses. */
export interface Evidence {
  readonly runs: readonly NewestRun[]
  readonly attestations: readonly Attestation[]
  readonly exceptions: readonly Exception[]
  readonly drifts: readonly DriftState[]
  /** What lint found in the text in force. */
  readonly findings: readonly Finding[]
}

/** The policy in force, who proves it, and the code that runs. */
export interface PolicyFacts {
  readonly version: number
  readonly publishedAt: Date
  readonly text: CompiledPolicy
  readonly values: InForceValues
  readonly registry: ControlRegistry
  readonly program: Buffer
}

/** The status of every clause at `at`; a removed clause promises nothing and is left out. */
export function policyStatus(facts: PolicyFacts, evidence: Evidence, at: Date): PolicyStatus {
  const { version, publishedAt, text, values } = facts
  const contradictions = contradictionsOf(evidence.findings)
  const parts = facts.registry.catalogue.flatMap((entry) => {
    const clause = text.clauses.get(entry.id)
    return clause === undefined || clause.removed
      ? []
      : [partsOf(facts, evidence, entry, clause, contradictions.get(entry.id) ?? [])]
  })
  const own = new Map(parts.map((part) => [part.entry.id, clauseStatus(clauseFacts(facts, part), at)]))
  const rolled = rollUp(own, new Map(parts.map(({ entry }) => [entry.id, entry.parent])))
  const states = parts.flatMap((part): ClauseState[] => {
    const status = rolled.get(part.entry.id)
    return status === undefined ? [] : [{ ...part, status }]
  })
  const byKind = Map.groupBy(states, ({ entry }) => entry.kinds[0] ?? 'narrative')
  return {
    at,
    version,
    publishedAt,
    text,
    values,
    clauses: new Map(states.map((state) => [state.entry.id, state])),
    counts: countWords(states),
    countsByKind: new Map([...byKind].map(([kind, some]) => [kind, countWords(some)])),
    findings: evidence.findings,
  }
}

function countWords(states: readonly ClauseState[]): WordCounts {
  const words = states.map(({ status }) => status.shown.word)
  const counted = STATUS_WORDS.map((word) => [word, words.filter((one) => one === word).length])
  return Object.fromEntries(counted) as WordCounts
}

type Parts = Omit<ClauseState, 'status'>

function partsOf(
  facts: PolicyFacts,
  evidence: Evidence,
  entry: CatalogueEntry<string>,
  clause: Clause,
  contradictions: readonly string[],
): Parts {
  const { registry } = facts
  const ofClause = (one: { readonly clause: string }): boolean => one.clause === entry.id
  return {
    clause,
    entry,
    controls: registry.controlsOf(entry.id).map((control) => controlState(facts, evidence.runs, control)),
    declaration: registry.declarationOf(entry.id) ?? null,
    attestations: evidence.attestations.filter(ofClause),
    exceptions: evidence.exceptions.filter(ofClause),
    drifts: evidence.drifts.filter(ofClause),
    contradictions,
  }
}

function controlState(facts: PolicyFacts, runs: readonly NewestRun[], control: BoundControl): ControlState {
  const newest = (kind: Run['kind']): NewestRun | undefined =>
    runs.find(({ run }) => run.control === control.id && run.kind === kind)
  const check = newest('check')
  const knownBad = newest('known-bad')?.run
  const sameCode = knownBad?.checkCodeHash.equals(checkCodeHash(facts.program, control.id)) === true
  return {
    control,
    check: check?.run ?? null,
    // Other code may have lost the ability to fail: its known-bad run says nothing.
    knownBad: knownBad !== undefined && sameCode ? knownBad : null,
    failingSince: check?.failingSince ?? null,
  }
}

function clauseFacts(facts: PolicyFacts, parts: Parts): ClauseFacts {
  return {
    kinds: parts.entry.kinds,
    controls: parts.controls.map((one) => controlFacts(facts, one)),
    declarations: parts.declaration === null ? [] : [parts.declaration],
    attestations: parts.attestations.map((one) => ({
      ...one,
      periodFrom: new Date(`${one.periodFrom}T00:00:00Z`),
      periodTo: new Date(`${one.periodTo}T00:00:00Z`),
    })),
    exceptions: parts.exceptions,
    drifts: parts.drifts,
    contradictions: parts.contradictions,
  }
}

function controlFacts({ values }: PolicyFacts, state: ControlState): ControlFacts {
  const since = state.control.reads.flatMap(({ name }) => values.get(name)?.since ?? [])
  return {
    id: state.control.id,
    freshSeconds: state.control.freshSeconds,
    check: state.check === null ? null : controlRun(state.check),
    knownBad: state.knownBad === null ? null : controlRun(state.knownBad),
    failingSince: state.failingSince,
    seesDecisions: state.control.decisions !== undefined,
    valuesChangedAt: since.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? null,
  }
}

function controlRun({ observedAt, ended, result, saw }: Run): ControlRun {
  return { at: observedAt, ended, result, saw }
}
