import { openRepository, type OnProgress } from '#backup'
import type { DrillOrder, OpenedReading } from '../restore/index.ts'
import { bringBack, keptBackup, type ServedCopy } from './points/copies.ts'
import { indexesHold, writesWork } from './points/database.ts'
import { failOver } from './points/failover.ts'
import { openEscrowed } from './points/escrowed-keys.ts'
import { fieldsOpen } from './points/fields.ts'
import { isolated } from './points/isolation.ts'
import { keysOpen } from './points/keys.ts'
import { ledgerHolds, settleAnchor } from './points/ledger.ts'
import { changedRefused, everythingLocked, everythingOpens } from './points/objects.ts'
import { runbookLeads } from './points/runbook.ts'
import { inTime, pointKept } from './points/time.ts'
import { needed, pointList, PointFailed } from './points.ts'
import { sentenceOf, type DrillReport, type RootUseNoted } from './report.ts'
import { inScratch } from './scratch.ts'
import type { DrillParts, DrillWorld } from './world.ts'

/** What is noted on the way, for the figures. */
interface Noted {
  copy: ServedCopy | null
  servingSeconds: number | null
  in90Days: { readonly seconds: number; readonly bytes: number } | null
  lostSeconds: number | null
  failoverSeconds: number | null
  rows: { readonly tables: number; readonly rows: number; readonly entries: number | null } | null
  readonly rootUses: RootUseNoted[]
}

const NO_COPY = 'there is no restored copy to look at'

/** The reading that everything but the copies of the stores is checked through: of one region alone when the others are lost. */
function readingOf(order: DrillOrder, reading: OpenedReading): OpenedReading {
  const { type, from } = order
  if (type !== 'region-loss' || from === undefined) return reading
  const stores = reading.options.stores.filter(({ region }) => region === from)
  if (stores.length === 0) return reading
  const options = { ...reading.options, stores }
  return { ...reading, options, stores, repository: openRepository(options) }
}

/**
 * Rehearses a disaster with nothing but the stores and the keys: all fourteen points on a copy of its own, which nobody but this
 * process reaches and which is gone afterwards. Never throws for what it found; it is in the report. Policy 6.2-a, 6.2-c.
 */
export async function runDrill(
  order: DrillOrder,
  reading: OpenedReading,
  parts: DrillParts,
  onProgress: OnProgress = () => {},
): Promise<DrillReport> {
  const waitedSeconds = await settleAnchor(parts, order.type)
  return inScratch(parts.scratch, async (place) => {
    const noted: Noted = {
      copy: null,
      servingSeconds: null,
      in90Days: null,
      lostSeconds: null,
      failoverSeconds: null,
      rows: null,
      rootUses: [],
    }
    const world: DrillWorld = {
      ...parts,
      order,
      place,
      declaredAt: parts.clock.now(),
      all: reading,
      reading: readingOf(order, reading),
      elapsedSeconds: () => (performance.now() - parts.beganMs) / 1000 - waitedSeconds,
      onProgress,
      used: (use) => void noted.rootUses.push(use),
    }
    const points = pointList(
      (number) => onProgress({ step: `point ${number}`, doneBytes: number, totalBytes: 14 }),
      parts.fault,
    )
    try {
      await look(world, noted, points)
    } finally {
      await noted.copy?.close()
    }
    return reportOf(noted, points.all())
  })
}

async function look(world: DrillWorld, noted: Noted, points: ReturnType<typeof pointList>): Promise<void> {
  const copy = (): ServedCopy => needed(noted.copy, NO_COPY)
  await points.run(2, async () => {
    const followed = world.order.type === 'people-loss' ? `${await runbookLeads(world)}; ` : ''
    noted.copy = await bringBack(world)
    noted.servingSeconds = Number(world.elapsedSeconds().toFixed(2))
    const kept = await keptBackup(world)
    return `${followed}the newest state came back from ${noted.copy.restored.chain.join(' and ')} with ${noted.copy.restored.walSegments} segments of the log; ${kept}`
  })
  await points.run(1, () => keysOpen(world))
  await points.run(3, () => everythingLocked(world))
  await points.run(4, () => everythingOpens(world))
  await points.run(5, () => indexesHold(copy()))
  await points.run(6, async () => {
    noted.lostSeconds = copy().lostSeconds
    return pointKept(world, noted.lostSeconds)
  })
  await points.run(7, async () => {
    const { says, ...rows } = await ledgerHolds(world, copy())
    noted.rows = rows
    return says
  })
  await points.run(8, () => fieldsOpen(withItsKeys(world, noted.copy), copy()))
  await points.run(9, () => writesWork(world, copy()))
  await points.run(10, () => isolated(copy(), world.environment))
  await points.run(11, async () => {
    const seconds = needed(noted.servingSeconds, NO_COPY)
    const { says, ...in90Days } = await inTime(world, { seconds, bytes: copy().restored.bytes })
    noted.in90Days = in90Days
    const { recoverySeconds } = world.order.limits
    if (seconds > recoverySeconds || in90Days.seconds > recoverySeconds) throw new PointFailed(says)
    return says
  })
  await points.run(12, async () => {
    const done = await failOver(world, copy())
    noted.failoverSeconds = done.seconds
    if (done.failure !== null) throw new PointFailed(done.failure)
    return done.says
  })
  await points.run(13, () => changedRefused(world))
}

/** When keys are lost, those that come back with the escrow; else those of the running system. */
function withItsKeys(world: DrillWorld, copy: ServedCopy | null): DrillWorld {
  if (world.order.type !== 'key-loss' || copy === null) return world
  return { ...world, openKeys: () => openEscrowed(world, copy) }
}

function reportOf(noted: Noted, points: DrillReport['points']): DrillReport {
  const { copy, rows } = noted
  const figures = {
    servingSeconds: noted.servingSeconds,
    servingSecondsIn90Days: noted.in90Days?.seconds ?? null,
    lostSeconds: noted.lostSeconds,
    failoverSeconds: noted.failoverSeconds,
    bytes: copy?.restored.bytes ?? null,
    bytesIn90Days: noted.in90Days?.bytes ?? null,
    tables: rows?.tables ?? null,
    rows: rows?.rows ?? null,
    ledgerEntries: rows?.entries ?? null,
  }
  return {
    passed: points.every(({ result }) => result === 'passed'),
    says: sentenceOf(points, figures),
    chain: copy?.restored.chain ?? [],
    points,
    figures,
    rootUses: noted.rootUses,
  }
}
