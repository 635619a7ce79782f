import type { Audit } from '../audit/index.ts'
import { notify, type Database } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import type { CompiledPolicy } from './compile.ts'
import { promotedValue, textsOf, valuesInForce, type InForceValues } from './in-force-values.ts'
import { compileText, loadSigned, valueTextsOf, type PublishedDeps, type SignedPolicy } from './published.ts'
import {
  endDrift,
  insertDrift,
  openDrifts,
  processReports,
  storedInForce,
  type ProcessReport,
} from './queries.ts'

/** How long a process may take to obey a new version, in seconds; until then it is late, not drifting. */
const OBEY_SECONDS = 60

/** How long after its last report a process counts as running, in seconds. */
const REPORT_SECONDS = 120

/** A value that differs from the published text: where, what the text says, and what was found there. */
export interface Drift {
  readonly parameter: string
  readonly clause: string
  /** `signed values`, `table in force` or the role of a process. */
  readonly place: string
  readonly expected: string
  readonly found: string
}

/** What is needed to look for drift. */
export interface DriftDeps extends PublishedDeps {
  readonly clock: Clock
  /** Compiles the verified text; anew unless told otherwise. */
  readonly compile?: (signed: SignedPolicy) => CompiledPolicy
}

/**
 * Compiles the signed text anew and compares it with the signed values, with the table of values in force and with
 * what every running process says that it obeys; a stored policy that does not verify is one drift of its own.
 * Policy 14-a.
 */
export async function findDrift(deps: DriftDeps): Promise<Drift[]> {
  const signed = await loadSigned(deps).catch(unverified)
  if (typeof signed === 'string') {
    return [
      { parameter: 'policy', clause: 'P-a', place: 'signature', expected: 'a valid one', found: signed },
    ]
  }
  if (signed === null) return []
  const now = deps.clock.now()
  const expected = valuesInForce(signed.versions, deps.parameters, now)
  const table = await storedInForce(deps.db)
  const processes = await processReports(deps.db, secondsAfter(now, -REPORT_SECONDS))
  return [
    ...inSignedValues(deps, signed),
    ...inTable(deps, expected, table),
    ...inProcesses(deps, signed, expected, processes),
  ]
}

/** Opens and ends drifts as `found` says, each with its event; returns how many were opened and ended. */
export async function recordDrift(
  deps: { readonly db: Database; readonly clock: Clock; readonly audit: Pick<Audit, 'record'> },
  found: readonly Drift[],
): Promise<{ opened: number; ended: number }> {
  const now = deps.clock.now()
  return deps.db.transaction().execute(async (tx) => {
    const open = await openDrifts(tx)
    const counts = { opened: 0, ended: 0 }
    for (const { clause, ...drift } of found) {
      if (!(await insertDrift(tx, { ...drift, id: newId(deps.clock), since: now }))) continue
      counts.opened += 1
      await deps.audit.record(tx, driftEvent('policy.drift', drift, clause))
    }
    for (const { id, ...drift } of open) {
      if (found.some((one) => sameDrift(one, drift)) || !(await endDrift(tx, id, now))) continue
      counts.ended += 1
      await deps.audit.record(tx, driftEvent('policy.drift-ended', drift, null))
    }
    if (counts.opened + counts.ended > 0) await notify(tx, 'evidence_recorded', 'drift')
    return counts
  })
}

type Place = Pick<Drift, 'parameter' | 'place' | 'expected' | 'found'>

/** Whether two findings are the same one. */
export function sameDrift(a: Place, b: Place): boolean {
  return (
    a.parameter === b.parameter && a.place === b.place && a.expected === b.expected && a.found === b.found
  )
}

function driftEvent(type: string, drift: Place, clause: string | null): Parameters<Audit['record']>[1] {
  const { parameter, place, expected, found } = drift
  return {
    type,
    tenant: null,
    actor: { kind: 'system', id: 'policy' },
    target: { kind: 'parameter', id: parameter },
    outcome: type === 'policy.drift' ? 'failed' : 'success',
    details: { clause, place, expected, found },
    request: null,
  }
}

function unverified(error: unknown): string {
  if (error instanceof Problem && error.code === 'policy.unsigned') return error.detail
  throw error
}

function inSignedValues(deps: DriftDeps, signed: SignedPolicy): Drift[] {
  const compile = deps.compile ?? (({ files }) => compileText(files, deps.parameters))
  const texts = valueTextsOf(compile(signed))
  return differing(deps, texts, signed.newest.valueTexts, 'signed values')
}

function inTable(deps: DriftDeps, expected: InForceValues, table: InForceValues): Drift[] {
  const now = deps.clock.now()
  return deps.parameters.flatMap(({ name, clause }) => {
    const should = expected.get(name)
    const row = table.get(name)
    if (should === undefined) return []
    const is = row === undefined ? undefined : promotedValue(row, now)
    const place = 'table in force'
    const same = is !== undefined && JSON.stringify(is.value) === JSON.stringify(should.value)
    if (!same || is.text !== should.text)
      return [{ parameter: name, clause, place, expected: should.text, found: shown(is) }]
    const [announced, stored] = [should.pending, is.pending]
    const sameAnnounced =
      announced?.text === stored?.text && announced?.effectiveAt.getTime() === stored?.effectiveAt.getTime()
    return sameAnnounced
      ? []
      : [{ parameter: name, clause, place, expected: announcement(announced), found: announcement(stored) }]
  })
}

function shown(held: { readonly text: string; readonly value: unknown } | undefined): string {
  return held === undefined ? 'nothing' : `${held.text} (${JSON.stringify(held.value)})`
}

function announcement(
  pending: { readonly text: string; readonly effectiveAt: Date } | null | undefined,
): string {
  return pending === null || pending === undefined
    ? 'nothing announced'
    : `${pending.text} from ${pending.effectiveAt.toISOString()}`
}

function inProcesses(
  deps: DriftDeps,
  signed: SignedPolicy,
  expected: InForceValues,
  processes: readonly ProcessReport[],
): Drift[] {
  const late = secondsAfter(deps.clock.now(), -OBEY_SECONDS)
  const before = signed.versions.filter(({ publishedAt }) => publishedAt <= late)
  if (before.length === 0) return []
  const earlier = textsOf(valuesInForce(before, deps.parameters, late))
  const now = textsOf(expected)
  return processes.flatMap((process) => {
    const place = `process ${process.role}`
    const found = differing(deps, now, process.valueTexts, place)
    return found.filter((one) => process.valueTexts[one.parameter] !== earlier[one.parameter])
  })
}

function differing(
  deps: DriftDeps,
  expected: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
  place: string,
): Drift[] {
  return deps.parameters.flatMap(({ name, clause }) => {
    const [should, is] = [expected[name], found[name]]
    return should === undefined || should === is
      ? []
      : [{ parameter: name, clause, place, expected: should, found: is ?? 'nothing' }]
  })
}
