import type { Audit } from '../audit/index.ts'
import { notify, type Database } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { BoundControl, Observation } from '../kernel/control.ts'
import { newId } from '../kernel/id.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import { Problem } from '../kernel/problem.ts'
import { checkCodeHash } from './check-code.ts'
import { knownBadFreshSeconds } from './control-status.ts'
import { insertRun, newestRuns, type Run, type RunEnd, type RunKind } from './evidence-queries.ts'
import type { LivePolicy } from './in-force.ts'
import type { ControlRegistry } from './registry.ts'
import { valuesHash } from './version-statement.ts'

/** What running controls needs; `program` is the hash of the running code. */
export interface RunDeps {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
  readonly log: Log
  readonly registry: Pick<ControlRegistry, 'controls' | 'control'>
  readonly policy: Pick<LivePolicy, 'version' | 'values'>
  readonly program: Buffer
  /** How long a run may take, in seconds; 60 unless told. */
  readonly runSecondsMax?: number
}

/** What a run is about: the values that the control reads, as they are in force, and the code that looks. */
export interface RunSubject {
  readonly paramsHash: Buffer
  readonly checkCodeHash: Buffer
}

/** What a run of this control would be about now. */
export function runSubject(deps: Pick<RunDeps, 'policy' | 'program'>, of: BoundControl): RunSubject {
  const values = deps.policy.values()
  const texts = Object.fromEntries(of.reads.map(({ name }) => [name, values.get(name)?.text ?? '']))
  return { paramsHash: valuesHash(texts), checkCodeHash: checkCodeHash(deps.program, of.id) }
}

/**
 * Runs a control's check or its known-bad situation and records what it saw, with its audit event, in one
 * transaction. A run that throws or takes too long is recorded as such: nothing is lost. Throws `resource.unknown` for
 * a control that does not exist.
 */
export async function runControl(deps: RunDeps, id: string, kind: RunKind): Promise<Run> {
  const control = deps.registry.control(id)
  if (control === undefined) throw new Problem('resource.unknown', `There is no control called ${id}.`)
  const subject = runSubject(deps, control)
  const policyVersion = deps.policy.version()
  const observedAt = deps.clock.now()
  const startedAt = performance.now()
  const { ended, observation } = await observe(deps, control, kind)
  const run: Run = {
    ...subject,
    ...observation,
    saw: asSentence(observation.saw),
    id: newId(deps.clock),
    control: control.id,
    clauses: control.clauses,
    kind,
    policyVersion,
    observedAt,
    recordedAt: deps.clock.now(),
    validUntil: secondsAfter(observedAt, kind === 'check' ? control.freshSeconds : knownBadFreshSeconds),
    ended,
    durationMs: Math.round(performance.now() - startedAt),
    selfTest: kind === 'check' ? await selfTestOf(deps, control.id, subject) : null,
  }
  await deps.db.transaction().execute(async (tx) => {
    await insertRun(tx, run)
    await deps.audit.record(tx, evidenceEvent(run))
    await notify(tx, 'evidence_recorded', control.id)
  })
  return run
}

/** What was seen as a sentence for people: with a capital and a full stop; names such as `security.txt` stay as they are. */
function asSentence(saw: string): string {
  const ended = /[.!?]$/.test(saw) ? saw : `${saw}.`
  return ended.replace(/^[a-z](?=[a-z]* )/, (letter) => letter.toUpperCase())
}

/** How often a known-bad run that went red is repeated, in seconds; any other is repeated as often as its check. */
export const SELF_TEST_SECONDS = 86_400

/** Whether a known-bad run showed that the check can fail: it completed, and it came out as a failure. */
export function wentRed(run: Pick<Run, 'ended' | 'result'>): boolean {
  return run.ended === 'completed' && run.result === 'fail'
}

/** Whether a run came out as it should: a check passed, a known-bad run went red. */
export function asItShould(run: Pick<Run, 'kind' | 'ended' | 'result'>): boolean {
  return run.kind === 'check' ? run.ended === 'completed' && run.result === 'pass' : wentRed(run)
}

async function selfTestOf(deps: RunDeps, control: string, subject: RunSubject): Promise<string | null> {
  const newest = (await newestRuns(deps.db, [control])).find(({ run }) => run.kind === 'known-bad')
  return newest?.run.checkCodeHash.equals(subject.checkCodeHash) === true ? newest.run.id : null
}

async function observe(
  deps: RunDeps,
  control: BoundControl,
  kind: RunKind,
): Promise<{ ended: RunEnd; observation: Observation }> {
  const secondsMax = deps.runSecondsMax ?? 60
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), secondsMax * 1000)
  try {
    const seen = await Promise.race([kind === 'check' ? control.check() : control.knownBad(), late.promise])
    if (seen === 'late') return sawNothing(kind, 'timeout', `took longer than ${secondsMax} seconds`)
    return { ended: 'completed', observation: seen }
  } catch (error) {
    deps.log.error({ control: control.id, run: kind, ...errorRecord(error) }, 'a run ended with an error')
    // The message may hold what must not be published; the log has it.
    return sawNothing(kind, 'error', `ended with an error (${errorName(error)})`)
  } finally {
    clearTimeout(timer)
  }
}

function errorName(error: unknown): string {
  if (error instanceof Problem) return error.code
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** A check that saw nothing failed; a known-bad run that saw nothing did not go red. */
function sawNothing(kind: RunKind, ended: RunEnd, how: string): { ended: RunEnd; observation: Observation } {
  const saw =
    kind === 'check'
      ? `The check ${how} before it saw anything.`
      : `The known-bad run ${how}, so nothing shows that the check can fail.`
  const result = kind === 'check' ? 'fail' : 'pass'
  return { ended, observation: { result, saw, metrics: {}, scope: { count: 0, coverage: 0, of: 'nothing' } } }
}

/** The evidence leaf: everything that a reader of the ledger needs to know about a run. */
function evidenceEvent(run: Run): Parameters<Audit['record']>[1] {
  return {
    type: run.kind === 'check' ? 'policy.observed' : 'policy.self-tested',
    tenant: null,
    actor: { kind: 'system', id: 'policy' },
    target: { kind: 'observation', id: run.id },
    outcome: asItShould(run) ? 'success' : 'failed',
    details: {
      clauseIds: run.clauses,
      policyVersion: run.policyVersion,
      paramsHash: run.paramsHash.toString('hex'),
      checkId: run.control,
      checkCodeHash: run.checkCodeHash.toString('hex'),
      method: 'machine',
      scope: { ...run.scope },
      observedAt: run.observedAt.toISOString(),
      recordedAt: run.recordedAt.toISOString(),
      validUntil: run.validUntil.toISOString(),
      result: run.result,
      ended: run.ended,
      saw: run.saw,
      metrics: run.metrics,
      selfTestRef: run.selfTest,
    },
    request: null,
  }
}
