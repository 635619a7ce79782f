import { setTimeout as wait } from 'node:timers/promises'
import type { OnProgress } from '#backup'
import { secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { z } from '../../kernel/schema.ts'
import type { BackupDriver, BackupRef, RegionLag } from '../driver.ts'

/** Sends a request of the RDS API (version 2014-10-31) and resolves with its answer, as the SDK of AWS reads it. */
export type RdsSend = (
  action: string,
  parameters: Readonly<Record<string, string | boolean | Date>>,
) => Promise<unknown>

/** What the driver of RDS needs. */
export interface RdsParts {
  readonly instance: string
  readonly region: string
  readonly send: RdsSend
  readonly clock: Clock
  /** How long snapshots are kept, in seconds. */
  readonly keepSeconds: () => number
  /** Waits before a snapshot is looked at again. */
  readonly pause?: (milliseconds: number) => Promise<void>
}

const snapshot = z.object({
  DBSnapshotIdentifier: z.string(),
  DBInstanceIdentifier: z.string(),
  Status: z.string(),
  PercentProgress: z.number().optional(),
  SnapshotCreateTime: z.date().optional(),
  AllocatedStorage: z.number().optional(),
})
const made = z.object({ DBSnapshot: snapshot })
const listed = z.object({ DBSnapshots: z.array(snapshot), Marker: z.string().optional() })
const instances = z.object({
  DBInstances: z.array(
    z.object({ DBInstanceIdentifier: z.string(), LatestRestorableTime: z.date().optional() }),
  ),
})
type Snapshot = z.output<typeof snapshot>

const LOOK_MS = 15_000
const GIGABYTE = 2 ** 30
/** Names of our snapshots begin so; others are nobody's business here. */
const OURS = 'surety-'

const LIMITS = [
  'This driver was tested on recorded answers of the RDS API that were written from its documentation, not against AWS.',
  'RDS restores to any second of the last 35 days at most; before that only snapshots are left.',
  'The newest moment that can be restored is typically five minutes ago, and there is no recovery point of zero.',
  'Snapshots are taken by AWS of the whole instance; they are not read or verified here, only restored.',
]

function read<Shape>(shape: z.ZodType<Shape>, answer: unknown): Shape {
  const found = shape.safeParse(answer)
  if (found.success) return found.data
  throw new Problem('recovery.unreadable', 'RDS gave an answer that cannot be used.', {
    cause: new Error(z.prettifyError(found.error)),
  })
}

/** Backups that Amazon RDS makes of an instance. */
export function openRdsDriver(parts: RdsParts): BackupDriver {
  const snapshots = (): Promise<readonly Snapshot[]> => allSnapshots(parts)
  const lag = async (): Promise<readonly RegionLag[]> => {
    const answer = await parts.send('DescribeDBInstances', { DBInstanceIdentifier: parts.instance })
    const recoverableTo = read(instances, answer).DBInstances[0]?.LatestRestorableTime ?? null
    const seconds = recoverableTo === null ? null : secondsBetween(recoverableTo, parts.clock.now())
    return [{ region: parts.region, lsn: null, recoverableTo, seconds }]
  }
  const unsupported = (detail: string): Promise<never> =>
    Promise.reject(new Problem('recovery.unsupported', detail))
  return {
    name: 'rds',
    capabilities: async () => ({
      incremental: false,
      wal: true,
      pointInTime: true,
      standby: false,
      limits: LIMITS,
    }),
    full: (onProgress) => takeSnapshot(parts, onProgress),
    incremental: () =>
      unsupported('RDS keeps what changed between snapshots by itself; there is nothing to ask for.'),
    startWal: async () => {
      const { promise, resolve } = Promise.withResolvers<string>()
      return { lag, ended: promise, stop: async () => resolve('stopped') }
    },
    list: async () =>
      (await snapshots()).filter(({ Status }) => Status === 'available').map((one) => refOf(parts, one)),
    restore: (request) => restore(parts, lag, request),
    verify: () =>
      unsupported('A snapshot of RDS cannot be read; restoring it into another instance verifies it.'),
    lag,
    expire: (now) => expire(parts, now),
  }
}

async function restore(
  parts: RdsParts,
  lag: BackupDriver['lag'],
  { target, into }: Parameters<BackupDriver['restore']>[0],
): ReturnType<BackupDriver['restore']> {
  const name = into.split('/').at(-1) ?? ''
  if (!/^[a-z](-?[a-z0-9]){0,62}$/.test(name))
    throw new Problem(
      'recovery.unsupported',
      'The last part of the folder is the name of the new instance: small letters, digits and hyphens.',
    )
  const until = target.at === 'latest' ? { UseLatestRestorableTime: true } : { RestoreTime: target.at }
  await parts.send('RestoreDBInstanceToPointInTime', {
    SourceDBInstanceIdentifier: parts.instance,
    TargetDBInstanceIdentifier: name,
    ...until,
  })
  const reachesTo =
    target.at === 'latest' ? ((await lag())[0]?.recoverableTo ?? parts.clock.now()) : target.at
  return { folder: name, chain: [], walSegments: 0, bytes: 0, reachesTo }
}

/** Removes snapshots of ours past their retention; those of others stay. Policy 6.1-e. */
async function expire(parts: RdsParts, now: Date): Promise<readonly string[]> {
  const cutoff = secondsAfter(now, -parts.keepSeconds())
  const over = (await allSnapshots(parts)).filter(
    ({ DBSnapshotIdentifier, SnapshotCreateTime }) =>
      DBSnapshotIdentifier.startsWith(OURS) &&
      SnapshotCreateTime !== undefined &&
      SnapshotCreateTime < cutoff,
  )
  for (const { DBSnapshotIdentifier } of over) await parts.send('DeleteDBSnapshot', { DBSnapshotIdentifier })
  return over.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)
}

/** Every snapshot of the instance that somebody asked for, oldest first. */
async function allSnapshots({ send, instance }: RdsParts): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = []
  for (let marker: string | undefined = ''; marker !== undefined;) {
    const parameters = { DBInstanceIdentifier: instance, SnapshotType: 'manual' }
    const more = marker === '' ? {} : { Marker: marker }
    const page: z.output<typeof listed> = read(
      listed,
      await send('DescribeDBSnapshots', { ...parameters, ...more }),
    )
    found.push(...page.DBSnapshots)
    marker = page.Marker
  }
  const at = (one: Snapshot): number => one.SnapshotCreateTime?.getTime() ?? Number.POSITIVE_INFINITY
  return found.toSorted((a, b) => at(a) - at(b))
}

async function takeSnapshot(parts: RdsParts, onProgress: OnProgress = () => {}): Promise<BackupRef> {
  const stamp = parts.clock
    .now()
    .toISOString()
    .replaceAll(/[^0-9]/g, '')
    .slice(0, 14)
  const DBSnapshotIdentifier = `${OURS}${parts.instance}-${stamp}`
  const asked = { DBInstanceIdentifier: parts.instance, DBSnapshotIdentifier }
  let one = read(made, await parts.send('CreateDBSnapshot', asked)).DBSnapshot
  while (one.Status === 'creating') {
    const totalBytes = one.AllocatedStorage === undefined ? null : one.AllocatedStorage * GIGABYTE
    onProgress({
      step: 'snapshot',
      doneBytes: ((totalBytes ?? 0) * (one.PercentProgress ?? 0)) / 100,
      totalBytes,
    })
    await (parts.pause ?? wait)(LOOK_MS)
    const page = read(listed, await parts.send('DescribeDBSnapshots', { DBSnapshotIdentifier }))
    const again = page.DBSnapshots[0]
    if (again === undefined)
      throw new Problem('recovery.unreadable', 'The snapshot is gone before it was whole.')
    one = again
  }
  if (one.Status !== 'available')
    throw new Problem('recovery.unavailable', `RDS gave the snapshot up (${one.Status.slice(0, 40)}).`)
  return refOf(parts, one)
}

function refOf({ region }: RdsParts, one: Snapshot): BackupRef {
  const at = (one.SnapshotCreateTime ?? new Date(0)).toISOString()
  return {
    name: one.DBSnapshotIdentifier,
    kind: 'full',
    parent: null,
    startedAt: at,
    finishedAt: at,
    startLsn: '0/0',
    endLsn: '0/0',
    timeline: 0,
    bytes: (one.AllocatedStorage ?? 0) * GIGABYTE,
    regions: [region],
  }
}
