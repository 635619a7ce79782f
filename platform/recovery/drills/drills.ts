import { randomInt } from 'node:crypto'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { rootDeps, type Keyring } from '../../encryption/index.ts'
import { secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { recoveryPoint, recoveryTime } from '../parameters.ts'
import type { DRILL_TYPES, DrillOrder, ProofParts, RestoreProgram } from '../restore/index.ts'
import { newestChange } from '../standby/index.ts'
import { pointList } from './points.ts'
import { drilled, endDrill, insertDrill, unendedDrills, type DrillEnd } from './queries.ts'
import type { DrillReport } from './report.ts'

/** What is rehearsed. */
export type DrillType = (typeof DRILL_TYPES)[number]

/** Why a drill runs. */
export type DrillReason = 'full' | 'game-day' | 'asked'

/** What drills of the running system need. */
export interface DrillHouse {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly keyring: Keyring
  readonly program: Pick<RestoreProgram, 'run'>
  readonly list: ProofParts['list']
  readonly regions: () => Promise<readonly string[]>
  /** How long this process runs, in seconds. */
  readonly uptimeSeconds: () => number
}

/** A drill that is asked for. */
export interface DrillRequest {
  readonly type: DrillType
  readonly reason: DrillReason
  readonly actor: Actor
  /** The folder that was brought from escrow; the drill of lost keys needs it. */
  readonly escrow?: string | undefined
}

/** The system as whoever drills by the clock. */
export const DRILLER: Actor = { kind: 'system', id: 'recovery' }
/** The dice have this many sides. */
const SIDES = 2 ** 30

/** The last real change of the database's site, in words; null when there was none. */
async function lastChangeOf(db: Database): Promise<string | null> {
  const change = await newestChange(db)
  if (change === null) return null
  const seconds = secondsBetween(change.began_at, change.written_at).toFixed(1)
  return `the last real change of the database was a ${change.kind} on ${change.began_at.toISOString().slice(0, 10)}, ${seconds} s until the first write`
}

/** A drill that was begun. */
export interface BegunDrill {
  readonly id: string
  readonly order: DrillOrder
}

/** Notes that a drill begins, with its event, before any key is touched; throws `resource.conflict` while another runs. */
export async function beginDrill(
  house: DrillHouse,
  { type, reason, actor, escrow }: DrillRequest,
): Promise<BegunDrill> {
  const { db, clock, policy, audit } = house
  const id = newId(clock)
  const backup = (await house.list()).findLast(({ kind }) => kind === 'full')?.name ?? null
  const regions = await house.regions()
  const { all } = await drilled(db, backup ?? '')
  // Each drill reads keys from the next region, so that none is trusted for being the first.
  const from = regions[all % Math.max(1, regions.length)]
  const asked = { asked_by_kind: actor.kind, asked_by_id: actor.id ?? 'unknown' }
  await db.transaction().execute(async (tx) => {
    const row = {
      id,
      type,
      reason,
      ...asked,
      backup,
      region: from ?? null,
      began_at: clock.now(),
      state: 'running',
    }
    if (!(await insertDrill(tx, row))) throw new Problem('resource.conflict', 'A drill is running already.')
    await audit.record(tx, {
      type: 'drill.asked',
      tenant: null,
      actor,
      target: { kind: 'drill', id },
      outcome: 'success',
      details: { type, reason, backup },
      request: null,
    })
  })
  const order: DrillOrder = {
    do: 'drill',
    type,
    ...(from === undefined ? {} : { from }),
    ...(escrow === undefined ? {} : { escrow }),
    dice: randomInt(SIDES) / SIDES,
    limits: { recoverySeconds: policy.read(recoveryTime), lossSeconds: policy.read(recoveryPoint) },
    lastChange: await lastChangeOf(db),
  }
  return { id, order }
}

async function tellEnd(
  house: DrillHouse,
  id: string,
  end: DrillEnd,
  details: Record<string, string | number | null>,
): Promise<void> {
  await house.db.transaction().execute(async (tx) => {
    if (!(await endDrill(tx, id, end))) return
    await house.audit.record(tx, {
      type: end.state === 'passed' ? 'drill.passed' : 'drill.failed',
      tenant: null,
      actor: DRILLER,
      target: { kind: 'drill', id },
      outcome: end.state === 'passed' ? 'success' : 'failed',
      details: { says: end.says, ...details },
      request: null,
    })
  })
}

/** A drill that never came to its points: none of them could run. */
function nothingRan(says: string): Omit<DrillReport, 'rootUses'> {
  const points = pointList().all()
  const figures = {
    servingSeconds: null,
    servingSecondsIn90Days: null,
    lostSeconds: null,
    failoverSeconds: null,
    bytes: null,
    bytesIn90Days: null,
    tables: null,
    rows: null,
    ledgerEntries: null,
  }
  return { passed: false, says, chain: [], points, figures }
}

/** Runs a drill that was begun and keeps what it came to; one that could not run is as red as one that failed. Policy 6.2-c. */
export async function finishDrill(
  house: DrillHouse,
  { id, order }: BegunDrill,
): Promise<Omit<DrillReport, 'rootUses'>> {
  const keep = async (report: Omit<DrillReport, 'rootUses'>): Promise<void> => {
    const { servingSeconds, lostSeconds, failoverSeconds } = report.figures
    const end = {
      ended_at: house.clock.now(),
      state: report.passed ? ('passed' as const) : ('failed' as const),
      says: report.says,
      points: JSON.stringify(report.points),
      figures: JSON.stringify(report.figures),
    }
    await tellEnd(house, id, end, { servingSeconds, lostSeconds, failoverSeconds })
  }
  try {
    const { rootUses, ...report } = await house.program.run<DrillReport>(order)
    const { used } = rootDeps(house, () => {})
    for (const { named, action, request, at } of rootUses)
      used?.(named, { action: action as 'unwrap', request, at: new Date(at) })
    await keep(report)
    return report
  } catch (error) {
    const known = error instanceof Problem
    const report = nothingRan(known ? error.detail : 'the drill failed; the log says why')
    await keep(report)
    if (!known) throw error
    return report
  }
}

/** Runs a drill from its beginning to its end. */
export async function drillNow(
  house: DrillHouse,
  request: DrillRequest,
): Promise<Omit<DrillReport, 'rootUses'> & { readonly id: string }> {
  const begun = await beginDrill(house, request)
  return { id: begun.id, ...(await finishDrill(house, begun)) }
}

/** Ends what a process began that is no longer there. */
export async function endBrokenOff(house: DrillHouse): Promise<void> {
  const since = secondsAfter(house.clock.now(), -house.uptimeSeconds())
  for (const { id } of await unendedDrills(house.db, since)) {
    const says = 'the drill was broken off with the process that ran it'
    await tellEnd(
      house,
      id,
      { ended_at: house.clock.now(), state: 'failed', says, points: null, figures: null },
      {},
    )
  }
}
