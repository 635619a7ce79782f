import { ledgerIndices, ledgerState } from '../audit/index.ts'
import type { Database } from '../db/index.ts'
import {
  policyReview,
  statusView,
  type ClauseState,
  type PolicyStatus,
  type StatusBoard,
} from '../policy/index.ts'
import { secondsAfter } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import {
  type ShownClause,
  type ShownControl,
  type ShownRun,
  type TrustReport,
  type TrustView,
} from './report.ts'

/** What the public page is made from. */
export interface TrustSource {
  readonly db: Database
  readonly board: Pick<StatusBoard, 'status'>
  readonly policy: PolicyReader
  readonly service: string
  readonly origin: string
  readonly contact: string
  /** What a reader must know about this installation, e.g. that a provider is a local stand-in. */
  readonly notes: readonly string[]
  /** The id of the key that signed the version in force. */
  readonly signedBy: string
  readonly verifierKey: string
}

type Run = NonNullable<ClauseState['controls'][number]['check']>

/** Everything that the public page and its data show, at one moment. */
export async function buildReport(source: TrustSource): Promise<TrustView> {
  const status = await source.board.status()
  const states = [...status.clauses.values()]
  const runs = states.flatMap(({ controls }) => controls.flatMap(({ check, knownBad }) => [check, knownBad]))
  const indices = await ledgerIndices(source.db, [
    ...new Set(runs.flatMap((run) => (run === null ? [] : [run.id]))),
  ])
  const ledger = await ledgerState(source.db)
  const report: TrustReport = {
    service: source.service,
    origin: source.origin,
    asOf: status.at.toISOString(),
    policy: policyPart(source, status),
    ledger: {
      entries: ledger.published,
      publishedAt: ledger.published_at?.toISOString() ?? null,
      verifierKey: source.verifierKey,
    },
    contact: source.contact === '' ? null : source.contact,
    notes: source.notes,
    clauses: states.map((state) => shownClause(state, status, indices)),
  }
  return { report, chapters: status.text.chapters }
}

function policyPart(source: TrustSource, status: PolicyStatus): TrustReport['policy'] {
  return {
    version: status.version,
    publishedAt: status.publishedAt.toISOString(),
    textHash: status.text.textHash,
    signedBy: source.signedBy,
    reviewDue: secondsAfter(status.publishedAt, source.policy.read(policyReview)).toISOString(),
  }
}

function shownClause(
  state: ClauseState,
  status: PolicyStatus,
  indices: ReadonlyMap<string, number>,
): ShownClause {
  const { clause, entry } = state
  return {
    id: clause.id,
    chapter: clause.chapter,
    parent: entry.parent,
    sentence: clause.sentence,
    kinds: entry.kinds,
    status: statusView(state.status.shown),
    values: clause.values.map(({ parameter, text }) => {
      const held = status.values.get(parameter)
      return {
        parameter,
        text,
        obeys: status.text.values.get(parameter)?.parameter.obeys ?? '',
        inForce: held?.text ?? text,
        from: held?.pending?.effectiveAt.toISOString() ?? null,
      }
    }),
    controls: state.controls.map((one) => shownControl(one, indices)),
  }
}

function shownControl(
  state: ClauseState['controls'][number],
  indices: ReadonlyMap<string, number>,
): ShownControl {
  const { id, looks, breaks, everySeconds } = state.control
  const shown = (run: Run | null): ShownRun | null =>
    run === null
      ? null
      : {
          at: run.observedAt.toISOString(),
          result: run.result,
          saw: run.saw,
          policyVersion: run.policyVersion,
          ledgerIndex: indices.get(run.id) ?? null,
        }
  return {
    id,
    looks,
    breaks,
    everySeconds,
    lastCheck: shown(state.check),
    lastKnownBad: shown(state.knownBad),
  }
}
