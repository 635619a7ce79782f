import { RepositoryError, repositoryPaths, type BackupManifest, type Repository } from '#backup'
import type { Database } from '../../db/index.ts'
import { DAY, HOUR, MINUTE, secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Backups } from '../backups.ts'
import type { RegionLag } from '../driver.ts'
import { backupIncremental, backupInterval, recoveryPoint } from '../parameters.ts'
import { openCoverage } from '../replication/index.ts'
import { chainFaults, type HeldChain } from './chain.ts'
import type { MadeBackup } from './due.ts'
import { lagsSince, madeSince, pauseAt } from './queries.ts'

/** The schedule as its controls observe it. */
export interface ScheduleSystem {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly backups: Pick<Backups, 'house' | 'capabilities' | 'lag' | 'why'>
}

const NOTHING = observed(['there is no backup'], '', { backups: 0 }, { count: 0, coverage: 1, of: 'backups' })

/** The newest backups as the schedule made them, the newest first. */
function madeLately({ db, clock, policy }: ScheduleSystem): Promise<readonly MadeBackup[]> {
  return madeSince(db, secondsAfter(clock.now(), -(policy.read(backupInterval) * 2 + 31 * DAY)))
}

/** A known-bad run without a backup planted nothing, so it must not come out as a failure that was found. */
function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Problem('recovery.unreadable', 'There is no backup yet.')
  return value
}

/** In which regions a signed manifest of this name is. */
async function regionsWith(repository: Repository, name: string): Promise<readonly string[]> {
  const found = await Promise.all(
    repository.regions.map(async (region) => {
      try {
        await repository.manifest(name, { region })
        return region
      } catch (error) {
        if (error instanceof RepositoryError) return null
        throw error
      }
    }),
  )
  return found.filter((region) => region !== null)
}

function ageIs(what: string, seconds: number, limit: number): string[] {
  return seconds > limit ? [`${what} is ${(seconds / HOUR).toFixed(1)} hours old`] : []
}

async function fullIsYoung(system: ScheduleSystem, now: Date): Promise<Observation> {
  const newest = (await madeLately(system)).find(({ kind }) => kind === 'full')
  if (newest === undefined) return NOTHING
  const limit = system.policy.read(backupInterval)
  const { repository } = await system.backups.house()
  const regions = await regionsWith(repository, newest.name)
  const ageSeconds = Math.round(secondsBetween(newest.startedAt, now))
  const paused = await pauseAt(system.db, system.clock.now())
  const failures = [
    ...ageIs('the newest full backup', ageSeconds, limit),
    ...(regions.length === 0 ? [`no region holds the signed manifest of ${newest.name}`] : []),
  ]
  const pausing =
    paused === null ? '' : `; the schedule is paused until ${paused.ends_at.toISOString()} (${paused.reason})`
  const says = `the newest full backup of the whole database is ${(ageSeconds / HOUR).toFixed(1)} hours old, and its signed manifest is in ${regions.join(' and ')}${pausing}`
  return observed(
    failures.length === 0 ? [] : [`${failures.join('; ')}${pausing}`],
    says,
    { ageSeconds, limitSeconds: limit, regions: regions.length, paused: paused !== null },
    { count: 1, coverage: 1, of: 'newest full backups' },
  )
}

/** Policy 6.1-a: the newest full backup is young enough. */
export const backupIsYoung: Control<ScheduleSystem> = control({
  id: 'backup-young',
  clauses: ['6.1-a'],
  reads: [backupInterval],
  everySeconds: 15 * MINUTE,
  enforcedIn: ['platform/recovery/schedule/due.ts', 'platform/recovery/schedule/run-backup.ts'],
  looks: 'Reads the age of the newest full backup and its signed manifest in every region.',
  breaks: 'The same backup, seen when the next one has been missed, must be found.',
  check: (system) => fullIsYoung(system, system.clock.now()),
  knownBad: async (system) => {
    required((await madeLately(system)).find(({ kind }) => kind === 'full'))
    return fullIsYoung(system, secondsAfter(system.clock.now(), system.policy.read(backupInterval) + 1))
  },
})

/** The chain of the newest backup in one region: what is not there ends it. */
async function heldChain(repository: Repository, newest: string, region: string): Promise<HeldChain> {
  const manifests: BackupManifest[] = []
  const heads = new Map<string, { readonly bytes: number }>()
  const listed = await repository.objects(region)
  const { backups } = repositoryPaths(repository.system)
  for (const { path, bytes } of listed) if (path.startsWith(backups)) heads.set(path, { bytes })
  for (let name: string | null = newest; name !== null;) {
    const manifest: BackupManifest | null = await repository
      .manifest(name, { region })
      .catch((error: unknown) => {
        if (error instanceof RepositoryError) return null
        throw error
      })
    if (manifest === null) break
    manifests.unshift(manifest)
    name = manifest.parent
  }
  return { region, manifests, heads }
}

async function chainsOf(system: ScheduleSystem, newest: MadeBackup): Promise<readonly HeldChain[]> {
  const { repository } = await system.backups.house()
  return Promise.all(repository.regions.map((region) => heldChain(repository, newest.name, region)))
}

function incrementIsYoung(
  newest: MadeBackup,
  chains: readonly HeldChain[],
  of: { readonly limit: number; readonly now: Date; readonly limits: readonly string[] },
): Observation {
  const ageSeconds = Math.round(secondsBetween(newest.startedAt, of.now))
  const whole = chains.filter((chain) => chainFaults(chain).length === 0)
  const failures = [
    ...of.limits,
    ...ageIs('the newest backup', ageSeconds, of.limit),
    // One region that holds all of it is enough to come back from; that others do is clause 6.1-c.
    ...(whole.length === 0 ? chains.flatMap(chainFaults) : []),
  ]
  const length = Math.max(0, ...chains.map(({ manifests }) => manifests.length))
  const says = `the newest backup is ${Math.round(ageSeconds / 60)} minutes old; its chain of ${length} from the full one on is whole in ${whole.map(({ region }) => region).join(' and ')}`
  const metrics = { ageSeconds, limitSeconds: of.limit, chain: length, wholeRegions: whole.length }
  return observed(failures, says, metrics, { count: length, coverage: 1, of: 'backups of the newest chain' })
}

async function limitsOf(system: ScheduleSystem): Promise<readonly string[]> {
  const { incremental, limits } = await system.backups.capabilities()
  return incremental ? [] : limits
}

/** Policy 6.1-b: increments are made in time, and the chain that they make is whole. */
export const incrementsAreYoung: Control<ScheduleSystem> = control({
  id: 'backup-increments',
  clauses: ['6.1-b'],
  reads: [backupIncremental],
  everySeconds: 15 * MINUTE,
  enforcedIn: ['platform/recovery/schedule/due.ts', 'platform/recovery/replication/take-backup.ts'],
  looks:
    'Reads the age of the newest backup, follows the signed manifests of its chain to the full backup and compares every object with its size.',
  breaks:
    'The chain seen when the next increment has been missed, without its full backup and without one of its objects must be found.',
  check: async (system) => {
    const [newest] = await madeLately(system)
    if (newest === undefined) return NOTHING
    const limit = system.policy.read(backupIncremental)
    const limits = await limitsOf(system)
    return incrementIsYoung(newest, await chainsOf(system, newest), {
      limit,
      now: system.clock.now(),
      limits,
    })
  },
  knownBad: async (system) => {
    const newest = required((await madeLately(system))[0])
    const limit = system.policy.read(backupIncremental)
    const chains = await chainsOf(system, newest)
    const now = newest.startedAt
    const of = { limit, now, limits: [] }
    return everyBreakFound({
      'a missed increment': incrementIsYoung(newest, chains, { ...of, now: secondsAfter(now, limit + 1) }),
      'a chain without its full backup': incrementIsYoung(
        newest,
        chains.map((chain) => ({ ...chain, manifests: chain.manifests.slice(1) })),
        of,
      ),
      'a chain without an object': incrementIsYoung(
        newest,
        chains.map((chain) => ({
          ...chain,
          heads: new Map([...chain.heads].filter(([path]) => !path.endsWith('.obj'))),
        })),
        of,
      ),
    })
  },
})

/** Samples are looked at over this long. */
const LOOKED_BACK_DAYS = 30

interface Past {
  /** The most that would have been lost in any hour, with the region that was nearest. */
  readonly worstSeconds: number
  readonly hours: number
}

/** In each hour the nearest region counts: from it the data would have come back. */
async function pastOf(system: ScheduleSystem): Promise<Past> {
  const since = secondsAfter(system.clock.now(), -LOOKED_BACK_DAYS * DAY)
  const nearest = new Map<number, number>()
  for (const { hour, worst_seconds } of await lagsSince(system.db, since)) {
    const at = hour.getTime()
    nearest.set(at, Math.min(nearest.get(at) ?? Number.POSITIVE_INFINITY, worst_seconds))
  }
  return { worstSeconds: Math.max(0, ...nearest.values()), hours: nearest.size }
}

function pointHolds(lags: readonly RegionLag[], past: Past, limit: number, why: string | null): Observation {
  const failures = [
    ...(lags.length === 0 ? [why ?? 'the log is not archived'] : []),
    ...lags.flatMap(({ region, seconds }) =>
      seconds === null
        ? [`nothing can be restored from ${region} yet`]
        : seconds > limit
          ? [`${region} is behind by ${Math.round(seconds)} s`]
          : [],
    ),
    ...(past.worstSeconds > limit
      ? [`in the last ${LOOKED_BACK_DAYS} days up to ${Math.round(past.worstSeconds)} s would have been lost`]
      : []),
  ]
  const now = Math.max(0, ...lags.map(({ seconds }) => seconds ?? 0))
  const says = `every change is archived as it is made: ${lags.map(({ region, seconds }) => `${region} is ${Math.ceil(seconds ?? 0)} s behind`).join(', ')}; in ${past.hours} hours of the last ${LOOKED_BACK_DAYS} days at most ${Math.ceil(past.worstSeconds)} s would have been lost`
  const metrics = {
    lagSeconds: Math.ceil(now),
    worstSeconds: Math.ceil(past.worstSeconds),
    hours: past.hours,
    limitSeconds: limit,
  }
  return observed(failures, says, metrics, { count: lags.length, coverage: 1, of: 'regions' })
}

/** Policy 6.2-b: no more than the recovery point can be lost. */
export const pointIsKept: Control<ScheduleSystem> = control({
  id: 'recovery-point',
  clauses: ['6.2-b'],
  reads: [recoveryPoint],
  everySeconds: 5 * MINUTE,
  enforcedIn: ['platform/recovery/replication/wal-stream.ts', 'platform/recovery/schedule/keeper.ts'],
  looks:
    'Asks how far each region is behind the log of the database, and how far it was in the last 30 days.',
  breaks:
    'An archive that takes nothing for longer than the recovery point, and a month with such an hour, must be found.',
  check: async (system) => {
    const limit = system.policy.read(recoveryPoint)
    return pointHolds(await system.backups.lag(), await pastOf(system), limit, system.backups.why())
  },
  knownBad: async (system) => {
    const limit = system.policy.read(recoveryPoint)
    const now = system.clock.now()
    const stopped = openCoverage(new Map([['a region', 0n]]))
    stopped.heard(0n, secondsAfter(now, -limit - 1))
    stopped.heard(1n, now)
    const past = await pastOf(system)
    return everyBreakFound({
      'an archive that stands still': pointHolds(stopped.lag(now), past, limit, null),
      'an hour of the month': pointHolds(
        await system.backups.lag(),
        { ...past, worstSeconds: limit + 1 },
        limit,
        null,
      ),
    })
  },
})
