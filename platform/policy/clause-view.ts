import type { AnyParameter } from '../kernel/parameter.ts'
import type { Attestation, Exception, Run } from './evidence-queries.ts'
import type { InForceValue } from './in-force-values.ts'
import type { ClauseState, ControlState, PolicyStatus } from './policy-status.ts'
import type { ControlRegistry } from './registry.ts'
import { asItShould } from './runs.ts'
import type { ClauseStatus } from './status-word.ts'
import type { Chapter } from './text.ts'

const iso = (moment: Date | null): string | null => moment?.toISOString() ?? null

/** A status as JSON; times are ISO 8601 in UTC. */
export function statusView(status: ClauseStatus) {
  const { word, because, provider } = status
  return {
    word,
    because,
    provider,
    since: iso(status.since),
    until: iso(status.until),
    provedAt: iso(status.provedAt),
  }
}

/** A run as JSON; hashes are hexadecimal. */
export function runView(run: Run) {
  const { id, control, kind, policyVersion, result, ended, saw, metrics, scope, durationMs, selfTest } = run
  return {
    id,
    control,
    kind,
    policyVersion,
    result,
    ended,
    asItShould: asItShould(run),
    saw,
    metrics,
    scope,
    durationMs,
    selfTest,
    paramsHash: run.paramsHash.toString('hex'),
    checkCodeHash: run.checkCodeHash.toString('hex'),
    observedAt: run.observedAt.toISOString(),
    recordedAt: run.recordedAt.toISOString(),
    validUntil: run.validUntil.toISOString(),
  }
}

/** An attestation as JSON. */
export function attestationView(one: Attestation) {
  return {
    ...one,
    expiresAt: one.expiresAt.toISOString(),
    uploadedAt: one.uploadedAt.toISOString(),
    approvedAt: iso(one.approvedAt),
  }
}

/** An exception as JSON. */
export function exceptionView(one: Exception) {
  return { ...one, acceptedAt: one.acceptedAt.toISOString(), until: one.until.toISOString() }
}

/** A parameter with the value in force and the announced one, if any, as JSON. */
function parameterView(parameter: AnyParameter, held: InForceValue | undefined) {
  const pending = held?.pending ?? null
  return {
    name: parameter.name,
    obeys: parameter.obeys,
    kind: parameter.type.kind,
    unit: parameter.type.unit,
    weaker: parameter.weaker,
    expects: parameter.type.expects,
    bounds: boundsOf(parameter),
    text: held?.text ?? null,
    value: held?.value ?? null,
    version: held?.version ?? null,
    since: iso(held?.since ?? null),
    pending:
      pending === null
        ? null
        : {
            text: pending.text,
            value: pending.value,
            version: pending.version,
            effectiveAt: pending.effectiveAt.toISOString(),
          },
  }
}

/** Values beyond every bound, in the words that each kind is written with. */
const BEYOND: Readonly<Partial<Record<AnyParameter['type']['kind'], string>>> = {
  duration: '9999999999 years',
  count: '999999999999999',
  rate: '999999999999999 requests a minute',
  bytes: '999999999 GiB',
}

/** The bounds in words, as the compiler tells them to somebody who wrote a value outside of them; null without bounds. */
function boundsOf({ type }: AnyParameter): string | null {
  const beyond = BEYOND[type.kind]
  const reading = beyond === undefined ? undefined : type.read(beyond)
  return reading?.ok === false ? reading.expected : null
}

/** The whole policy with its status as JSON. */
export function policyView(status: PolicyStatus, registry: ControlRegistry) {
  return {
    at: status.at.toISOString(),
    version: status.version,
    publishedAt: status.publishedAt.toISOString(),
    textHash: status.text.textHash,
    counts: status.counts,
    countsByKind: Object.fromEntries(status.countsByKind),
    chapters: status.text.chapters.map(chapterView),
    clauses: [...status.clauses.values()].map((state) => clauseSummary(state, registry)),
  }
}

function chapterView({ number, title, sections }: Chapter) {
  return {
    number,
    title,
    sections: sections.map((section) => ({ number: section.number, title: section.title })),
  }
}

/** One clause of the list as JSON. */
function clauseSummary(state: ClauseState, registry: ControlRegistry) {
  const { id, chapter, section, parent, sentence } = state.clause
  return {
    id,
    chapter,
    section,
    parent,
    sentence,
    kinds: state.entry.kinds,
    status: statusView(state.status.shown),
    ownStatus: state.status.own === null ? null : statusView(state.status.own),
    parameters: registry.parametersOf(id).map(({ name }) => name),
    controls: state.controls.map(({ control }) => control.id),
  }
}

/** A control with its newest runs as JSON; `history` and `knownBadHistory` are the last runs, newest first. */
export function controlView(state: ControlState, history: readonly Run[], knownBadHistory: readonly Run[]) {
  const { id, clauses, reads, enforcedIn, looks, breaks, everySeconds, freshSeconds } = state.control
  return {
    id,
    clauses,
    reads: reads.map(({ name }) => name),
    enforcedIn,
    looks,
    breaks,
    everySeconds,
    freshSeconds,
    failingSince: iso(state.failingSince),
    check: state.check === null ? null : runView(state.check),
    knownBad: state.knownBad === null ? null : runView(state.knownBad),
    history: history.map(runView),
    knownBadHistory: knownBadHistory.map(runView),
  }
}

/** Everything about one clause as JSON. */
export function clauseView(
  state: ClauseState,
  status: PolicyStatus,
  registry: ControlRegistry,
  controls: readonly ReturnType<typeof controlView>[],
) {
  const { id } = state.entry
  return {
    ...clauseSummary(state, registry),
    version: status.version,
    maps: state.entry.maps,
    declaration: state.declaration,
    parameters: registry.parametersOf(id).map((one) => parameterView(one, status.values.get(one.name))),
    controls,
    drifts: state.drifts.map((drift) => ({ ...drift, since: drift.since.toISOString() })),
    contradictions: state.contradictions,
    findings: status.findings.filter(({ clauses }) => clauses.includes(id)),
    attestations: state.attestations.map(attestationView),
    exceptions: state.exceptions.map(exceptionView),
    children: [...status.clauses.values()]
      .filter(({ entry }) => entry.parent === id)
      .map(({ entry }) => entry.id),
  }
}
