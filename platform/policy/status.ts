import type { Declaration } from '../kernel/control.ts'
import type { ClauseKind } from './clause-catalogue.ts'
import { type Attestation, documentStatus } from './attestation-status.ts'
import { type ControlFacts, controlStatus } from './control-status.ts'
import { type ClauseStatus, status, worstOf } from './status-word.ts'

/** A value in force that differs from the text. */
export interface Drift {
  readonly parameter: string
  readonly expected: string
  readonly found: string
  readonly since: Date
}

/** A promise knowingly not kept for a time; `acceptedBy` answers for it. */
export interface AcceptedException {
  readonly reason: string
  readonly acceptedBy: string
  readonly acceptedAt: Date
  readonly until: Date
}

/** Everything that the status of one clause follows from. */
export interface ClauseFacts {
  readonly kinds: readonly ClauseKind[]
  readonly controls: readonly ControlFacts[]
  readonly declarations: readonly Pick<Declaration, 'kind' | 'because'>[]
  readonly attestations: readonly Attestation[]
  readonly exceptions: readonly AcceptedException[]
  readonly drifts: readonly Drift[]
  /** Why the sentence cannot be true as it stands: findings that contradict it. */
  readonly contradictions: readonly string[]
}

/** A clause's own status and, when it leads others in, the one that it is shown with. */
export interface RolledStatus {
  /** What is known about the sentence alone; null when it follows from its clauses only. */
  readonly own: ClauseStatus | null
  /** Never better than the worst clause below it. */
  readonly shown: ClauseStatus
}

/**
 * The status of a clause by itself at `now`. A value that differs from the text fails it, whatever else is known. An
 * accepted exception covers the rest and says what it covers. Otherwise it is the worst of its parts: every control,
 * every document that its kinds or declarations call for, and every contradiction; no part at all is UNPROVEN. Null
 * when the clause is declared `computed` and has no part of its own.
 */
export function clauseStatus(facts: ClauseFacts, now: Date): ClauseStatus | null {
  const [drift] = facts.drifts.toSorted((a, b) => a.since.getTime() - b.since.getTime())
  if (drift !== undefined)
    return status(
      'FAILING',
      `${drift.parameter} is “${drift.found}” in force, but “${drift.expected}” in the text.`,
      {
        since: drift.since,
      },
    )
  const [first, ...others] = partsOf(facts, now)
  const worst = first === undefined ? undefined : worstOf(first, ...others)
  return excepted(facts.exceptions, worst, now) ?? worst ?? withoutPart(facts)
}

/**
 * The status of every clause with that of the clauses below it taken in; `parents` maps a clause to its lead-in.
 * A removed clause makes no promise: leave it out of `own`, so that it does not count for its lead-in.
 */
export function rollUp(
  own: ReadonlyMap<string, ClauseStatus | null>,
  parents: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, RolledStatus> {
  const shown = (id: string): ClauseStatus => {
    const children = [...own.keys()].filter((child) => parents.get(child) === id)
    const below = children.map((child) => naming(child, shown(child)))
    const [first, ...others] = [own.get(id) ?? [], below].flat()
    return first === undefined ? NOTHING_BELOW : worstOf(first, ...others)
  }
  return new Map([...own].map(([id, alone]) => [id, { own: alone, shown: shown(id) }]))
}

const NOTHING_BELOW = status('UNPROVEN', 'It follows from other clauses, and nothing computes it yet.')

function naming(child: string, below: ClauseStatus): ClauseStatus {
  return { ...below, because: `${child}: ${below.because}` }
}

function partsOf(facts: ClauseFacts, now: Date): ClauseStatus[] {
  const declared = facts.declarations.map(({ kind }) => kind)
  const contradicted = facts.declarations.filter(({ kind }) => kind === 'contradicted')
  // A document supports a sentence only where people or a provider must; it never stands in for a check.
  const documents = (['attested', 'inherited'] as const).filter(
    (kind) => (facts.kinds.includes(kind) && !isSeen(kind, facts)) || declared.includes(kind),
  )
  return [
    ...[...facts.contradictions, ...contradicted.map(({ because }) => because)].map((because) =>
      status('CONTRADICTED', because),
    ),
    ...facts.controls.map((control) => controlStatus(control, now)),
    ...documents.map((kind) => documentStatus(kind, facts.attestations, now)),
  ]
}

/** What people decide inside the system, entry by entry in the ledger, a check can see; a document would say less. */
function isSeen(kind: 'attested' | 'inherited', { controls }: ClauseFacts): boolean {
  return kind === 'attested' && controls.some(({ seesDecisions }) => seesDecisions === true)
}

/** What is known of a clause with neither control nor document nor contradiction. */
function withoutPart({ kinds, declarations }: ClauseFacts): ClauseStatus | null {
  const [declaration] = declarations
  if (declaration?.kind === 'computed' || (declaration === undefined && kinds[0] === 'computed')) return null
  const because = declaration?.because ?? 'No control and no declaration stands behind this sentence.'
  return status('UNPROVEN', because)
}

function excepted(
  exceptions: readonly AcceptedException[],
  without: ClauseStatus | undefined,
  now: Date,
): ClauseStatus | undefined {
  const inForce = exceptions.filter(
    ({ reason, acceptedBy, acceptedAt, until }) =>
      reason.trim() !== '' && acceptedBy.trim() !== '' && acceptedAt <= now && now < until,
  )
  const [last] = inForce.toSorted((a, b) => b.until.getTime() - a.until.getTime())
  if (last === undefined) return undefined
  const beneath = without === undefined ? '' : ` Without it: ${without.word}, ${without.because}`
  const because = `${last.reason.trim()} Accepted by ${last.acceptedBy.trim()}.${beneath}`
  return status('EXCEPTION', because, { until: last.until, since: last.acceptedAt })
}
