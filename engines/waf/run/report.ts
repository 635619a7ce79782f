import type { Match, MatchedValue, Report } from '../api.ts'
import type { Bytes } from '../model.ts'
import { labelOf } from './entry.ts'
import { toInteger } from './macro.ts'
import type { MatchedPart, MatchRecord } from './match.ts'
import type { State } from './state.ts'

const EXCERPT_BYTES_MAX = 200
const MASK = '***'

/** What was seen of a transaction; the list of matches is put together when it is first asked for. */
export function createReport(state: State): Report {
  return new Seen(state)
}

/**
 * A class for its getter: in an object literal V8 writes a getter, and with it the whole transaction that it closes over,
 * into the hidden class of the object, where only a full collection finds it again.
 */
class Seen implements Report {
  readonly uniqueId: Report['uniqueId']
  readonly mode: Report['mode']
  readonly blocked: Report['blocked']
  readonly wouldBlock: Report['wouldBlock']
  readonly scores: Report['scores']
  readonly audit: Report['audit']
  readonly overBudget: Report['overBudget']
  readonly #state: State
  #matches: readonly Match[] | null = null

  constructor(state: State) {
    this.uniqueId = state.start.uniqueId
    this.mode = state.mode === 'On' ? 'block' : state.mode === 'Off' ? 'off' : 'detect'
    this.blocked = state.verdict
    this.wouldBlock = state.verdict ?? state.wouldBlock
    this.scores = {
      inbound: score(state, ['blocking_inbound_anomaly_score', 'anomaly_score']),
      outbound: score(state, ['blocking_outbound_anomaly_score', 'outbound_anomaly_score']),
    }
    this.audit = { relevant: isRelevant(state), parts: state.auditParts }
    this.overBudget = [...state.overBudget]
    this.#state = state
  }

  get matches(): readonly Match[] {
    return (this.#matches ??= this.#state.matches.map((record) => toMatch(record, this.#state)))
  }
}

/** The first of these that rules counted in: the names of one release of the Core Rule Set and of an older one. */
function score(state: State, names: readonly string[]): number {
  for (const name of names) {
    const value = state.tx.get(name)
    if (value !== undefined) return toInteger(value)
  }
  return 0
}

function isRelevant(state: State): boolean {
  if (state.auditEngine !== 'RelevantOnly') return state.auditEngine === 'On'
  if (state.auditAsked) return true
  const status = state.verdict?.status ?? state.response?.status ?? null
  return status !== null && state.isRelevantStatus(String(status))
}

function toMatch(record: MatchRecord, state: State): Match {
  const { rule } = record.rule
  const { masked } = state
  return {
    rule: rule.id,
    place: rule.place,
    phase: record.phase,
    severity: rule.severity,
    message: hide(record.message, masked),
    data: hide(record.data, masked),
    tags: record.tags,
    paranoia: record.rule.paranoia,
    log: rule.log,
    disruptive: rule.blocks || rule.disruption.kind === 'deny' || rule.disruption.kind === 'drop',
    operator: record.rule.links[0]?.operator ?? { name: 'unconditionalMatch', negated: false, argument: '' },
    matched: record.parts.map((part) => toMatchedValue(part, state)),
  }
}

function toMatchedValue({ link, entry, value }: MatchedPart, state: State): MatchedValue {
  const { masked } = state
  const part = link.test?.capture?.(state, value.text)?.groups[0] ?? ''
  return {
    variable: labelOf(entry),
    value: hide(excerpt(entry.value.text), masked),
    transformed: hide(excerpt(value.text), masked),
    transformations: link.transformations,
    part: hide(excerpt(part), masked),
  }
}

function excerpt(text: Bytes): Bytes {
  return text.length > EXCERPT_BYTES_MAX ? text.slice(0, EXCERPT_BYTES_MAX) : text
}

function hide(text: Bytes, masked: ReadonlySet<Bytes>): Bytes {
  let hidden = text
  for (const secret of masked) {
    if (secret === '') continue
    hidden = hidden.replaceAll(secret, MASK).replaceAll(excerpt(secret), MASK)
  }
  return hidden
}
