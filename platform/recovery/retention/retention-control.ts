import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { repositoryPaths, type BackupManifest, type ObjectHead, type Repository } from '#backup'
import type { Database } from '../../db/index.ts'
import { DAY, HOUR, secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import { backupRetention } from '../parameters.ts'
import { retentionOf } from '../lock-times.ts'
import { openFolderStore, type BackupStore } from '../stores/index.ts'
import { madeBackups, openHolds, removedBackups } from './queries.ts'
import { removalFaults } from './removal-twin.ts'

/** The kept and the removed backups as the control of clause 6.1-e observes them. */
export interface RetentionSystem {
  readonly house: () => Promise<{
    readonly repository: Repository
    readonly stores: readonly BackupStore[]
  }>
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
}

/** The removal runs once an hour. */
const SLACK_SECONDS = 2 * HOUR
/** How long a probe of a store is locked; the next run removes it. */
const PROBE_SECONDS = HOUR

/** What a region keeps, with what was made and removed there. */
interface RegionState {
  readonly region: string
  readonly manifests: readonly BackupManifest[]
  readonly objects: readonly ObjectHead[]
  readonly made: readonly { readonly name: string; readonly at: Date }[]
  readonly removed: readonly { readonly name: string; readonly at: Date; readonly limitSeconds: number }[]
}

interface Limits {
  readonly now: Date
  readonly limit: number
  /** Beyond the limit: what the locks have on top, and the hour until the next removal. */
  readonly slack: number
  readonly heldFrom: Date | null
}

/** When a backup of this name was taken: `YYYYMMDDTHHMMSSZ-…`. */
function takenAt(name: string): Date {
  const digits = name.replaceAll(/\D/g, '')
  const part = (from: number, to: number): number => Number(digits.slice(from, to))
  return new Date(Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14)))
}

/** What is wrong with the backups that a region keeps and those that were removed there. */
function historyFaults(state: RegionState, { now, limit, slack, heldFrom }: Limits): string[] {
  const there = new Set(state.manifests.map(({ name }) => name))
  const gone = new Set(state.removed.map(({ name }) => name))
  const expected = state.made.filter(({ name }) => secondsBetween(takenAt(name), now) < limit)
  const fulls = state.manifests.filter(({ kind }) => kind === 'full').map(({ name }) => name)
  // A full backup and its incrementals serve every moment until the next full one.
  const servesUntil = (name: string): Date => takenAt(fulls.find((full) => full > name) ?? '99991231T000000Z')
  const overdue = [...there].filter((name) => {
    const held = heldFrom !== null && servesUntil(name) >= heldFrom
    return !held && secondsBetween(servesUntil(name), now) > limit + slack
  })
  const { region } = state
  return [
    ...expected
      .filter(({ name }) => !there.has(name))
      .map(({ name }) => `the backup ${name} is missing in ${region}`),
    ...[...there]
      .filter((name) => gone.has(name))
      .map((name) => `the removed backup ${name} is still in ${region}`),
    ...state.removed
      .filter(({ name, at, limitSeconds }) => secondsBetween(takenAt(name), at) < limitSeconds)
      .map(({ name }) => `the backup ${name} was removed too early from ${region}`),
    ...overdue.map((name) => `the backup ${name} is kept too long in ${region}`),
    ...lockFaults(state, limit),
  ]
}

/** Everything of the newest backup is locked for the limit from when it was written. */
function lockFaults({ region, manifests, objects }: RegionState, limit: number): string[] {
  const newest = manifests.at(-1)
  if (newest === undefined) return [`there is no backup in ${region}`]
  const open = objects.filter(
    ({ path, storedAt, retainUntil }) =>
      path.includes(`/backups/${newest.name}/`) &&
      (retainUntil === null || secondsBetween(storedAt, retainUntil) < limit),
  )
  const [first] = open
  return first === undefined ? [] : [`${first.path} in ${region} is not locked for the retention`]
}

async function stateOf(
  system: RetentionSystem,
  repository: Repository,
  region: string,
): Promise<RegionState> {
  const removed = await removedBackups(system.db)
  return {
    region,
    manifests: (await repository.backups({ region })).backups.map(({ manifest }) => manifest),
    objects: await repository.objects(region),
    made: await madeBackups(system.db),
    removed: removed
      .filter((one) => one.region === region)
      .map((one) => ({ name: one.backup ?? '', at: one.removed_at, limitSeconds: one.limit_seconds })),
  }
}

async function limitsOf(system: RetentionSystem): Promise<Limits> {
  const limit = system.policy.read(backupRetention)
  const { graceSeconds } = retentionOf(limit)
  const slack = graceSeconds + SLACK_SECONDS
  const holds = await openHolds(system.db)
  const heldFrom = holds.length === 0 ? null : new Date(Math.min(...holds.map(({ from }) => from.getTime())))
  return { now: system.clock.now(), limit, slack, heldFrom }
}

/** Puts a small object under lock into a store and tries to remove it at once; those of earlier runs go. */
async function lockHolds(
  system: RetentionSystem,
  repository: Repository,
  store: BackupStore,
): Promise<string[]> {
  const under = `${repositoryPaths(repository.system).all}probes/`
  for await (const { path } of store.list(under)) await store.remove(path).catch(() => {})
  const path = `${under}${randomUUID()}.probe`
  const retainUntil = secondsAfter(system.clock.now(), PROBE_SECONDS)
  await store.put(path, Buffer.from('probe'), { retainUntil })
  return removalRefused(store, path)
}

async function removalRefused(store: Pick<BackupStore, 'region' | 'refusesRemoval'>, path: string) {
  return (await store.refusesRemoval(path)) ? [] : [`${store.region} lets a locked object be removed`]
}

async function observe(system: RetentionSystem): Promise<Observation> {
  const { repository, stores } = await system.house()
  const limits = await limitsOf(system)
  const failures = await removalFaults(system, limits.limit)
  const ages: number[] = []
  let removed = 0
  for (const store of stores) {
    const state = await stateOf(system, repository, store.region)
    failures.push(...historyFaults(state, limits), ...(await lockHolds(system, repository, store)))
    ages.push(...state.manifests.map(({ name }) => secondsBetween(takenAt(name), limits.now)))
    removed += state.removed.length
  }
  const oldestDays = Math.floor(Math.max(0, ...ages) / DAY)
  const past =
    removed > 0
      ? `${removed} were removed, each with a certificate and none early`
      : 'none has reached its age yet, so that nothing was removed so far'
  const says = `${ages.length} backups are kept in ${stores.length} regions, the oldest for ${oldestDays} days of ${backupRetention.type.show(limits.limit)}; ${past}; every region refuses to remove a locked object`
  const metrics = { kept: ages.length, removed, oldestDays, limitSeconds: limits.limit }
  return observed(failures, says, metrics, { count: ages.length, coverage: 1, of: 'backups in regions' })
}

/** A real store whose lock has run out lets a removal through, as one without locks would. */
async function laxRemoval(folder: string, clock: Clock): Promise<string[]> {
  const store = await openFolderStore({ region: 'probe', folder: join(folder, 'probe'), clock })
  await store.put('probe', Buffer.from('probe'), { retainUntil: clock.now() })
  return removalRefused(store, 'probe')
}

const found = (failures: readonly string[]): Observation =>
  observed(failures, 'it was not found', {}, { count: 1, coverage: 1, of: 'broken retentions' })

/** Policy 6.1-e: backups are kept for the retention, no shorter and no longer. */
export const backupsEnd: Control<RetentionSystem> = control({
  id: 'backups-retained',
  clauses: ['6.1-e'],
  reads: [backupRetention],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/recovery/retention/expire.ts',
    'platform/recovery/stores/folder-store.ts',
    'platform/recovery/stores/s3-store.ts',
  ],
  looks:
    'Compares what every region keeps with what was made and what certificates say was removed, reads the locks of the newest backup, tries to remove a locked probe from every region, and runs the removal over backups around the limit.',
  breaks:
    'A removal that obeys half the limit, one that obeys twice the limit, a vanished backup, one without locks and a store that lets locked objects go must be found.',
  check: observe,
  knownBad: async (system) => {
    const limits = await limitsOf(system)
    const { now, limit } = limits
    const empty = { region: 'probe', manifests: [], objects: [], made: [], removed: [] }
    const name = `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-full`
    const manifest = { name } as BackupManifest
    const bare = { path: `1/backups/${name}/base.tar/000001.obj`, bytes: 1, storedAt: now, retainUntil: null }
    const vanished = { ...empty, made: [{ name, at: now }] }
    const lax = await withProbeFolder((folder) => laxRemoval(folder, system.clock))
    return everyBreakFound({
      'half the limit': found(await removalFaults(system, limit / 2)),
      'twice the limit': found(await removalFaults(system, limit * 2)),
      'a vanished backup': found(
        historyFaults(vanished, limits).filter((says) => says.includes('is missing')),
      ),
      'no lock': found(lockFaults({ ...empty, manifests: [manifest], objects: [bare] }, limit)),
      'a store that lets go': found(lax),
    })
  },
})
