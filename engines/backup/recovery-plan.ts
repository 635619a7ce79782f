import { RepositoryError, type BackupManifest } from './model.ts'
import { repositoryPaths } from './paths.ts'
import type { Fileset, RecoveryPlan, RecoveryRequest, Repository } from './repository-model.ts'
import { planWal } from './wal-plan.ts'
import type { WalStore } from './wal-store.ts'

/** How far the clock of the database and ours may differ. */
const SKEW_MS = 10 * 60_000

interface PlanDeps {
  readonly system: string
  readonly segmentBytes: number
  readonly backups: Repository['backups']
  readonly wal: WalStore
  readonly files: Pick<Repository, 'filesets' | 'readFileset'>
}

/**
 * The newest backup that was whole at the moment, with its parents oldest first; throws `missing` when there is none and
 * `broken-chain` with the manifest that is not there.
 */
export function chainFor(
  system: string,
  manifests: readonly BackupManifest[],
  target: { readonly at: Date | 'latest'; readonly backup?: string | undefined },
): readonly BackupManifest[] {
  const byName = new Map(manifests.map((manifest) => [manifest.name, manifest]))
  const { at } = target
  const whole = (one: BackupManifest): boolean =>
    (at === 'latest' || Date.parse(one.finishedAt) <= at.getTime()) &&
    (target.backup === undefined || one.name === target.backup)
  const newest = manifests.toSorted((a, b) => (a.finishedAt < b.finishedAt ? -1 : 1)).findLast(whole)
  const paths = repositoryPaths(system)
  if (newest === undefined)
    throw new RepositoryError(
      'missing',
      target.backup === undefined ? paths.backups : paths.manifest(target.backup),
    )
  const chain = [newest]
  for (let first = newest; first.parent !== null;) {
    const parent = byName.get(first.parent)
    // Each begins after its parent, so that a chain never turns back on itself.
    if (parent === undefined || parent.name >= first.name)
      throw new RepositoryError('broken-chain', paths.manifest(first.parent))
    chain.unshift(parent)
    first = parent
  }
  return chain
}

/** Everything that a restore to the target reads. */
export async function planRecovery(deps: PlanDeps, request: RecoveryRequest): Promise<RecoveryPlan> {
  const { system, wal } = deps
  const { at } = request
  const from = request.region === undefined ? {} : { region: request.region }
  const { backups, refused } = await deps.backups(from)
  const manifests = backups.map(({ manifest }) => manifest)
  // A region that is away is no sign of tampering: the others are read.
  const refusal = refused.find(({ code }) => code !== 'unreachable')
  // A manifest that was changed may be the one that belongs here.
  if (refusal !== undefined && request.backup === undefined) throw refusal
  const chain = chainFor(system, manifests, request)
  const newest = chain.at(-1)
  if (newest === undefined) throw new Error('a chain is never empty')
  const index = await wal.walIndex(from)
  const plan = planWal({
    system,
    index,
    histories: await wal.histories(index, request.region),
    timeline: newest.timeline,
    startLsn: newest.startLsn,
    endLsn: newest.endLsn,
    ...(request.atLeastLsn === undefined ? {} : { atLeastLsn: request.atLeastLsn }),
    untilLsn: at === 'latest' ? null : enoughFor(manifests, newest, at),
    segmentBytes: deps.segmentBytes,
  })
  return { chain, wal: plan, filesets: await filesetsAround(deps, request) }
}

/** A later backup began after the moment, so whatever was committed by then lies before its end. */
function enoughFor(manifests: readonly BackupManifest[], newest: BackupManifest, at: Date): string | null {
  const later = manifests
    .filter(({ timeline }) => timeline === newest.timeline)
    .filter(({ startedAt }) => Date.parse(startedAt) > at.getTime() + SKEW_MS)
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
  return later[0]?.endLsn ?? null
}

/** Of each folder the last set at or before the moment and the first after it, in that order. */
async function filesetsAround(
  { system, files }: PlanDeps,
  { at, region, folders = [] }: RecoveryRequest,
): Promise<readonly Fileset[]> {
  const from = region === undefined ? {} : { region }
  const found: Fileset[] = []
  for (const folder of folders) {
    const names = await files.filesets(folder, from)
    const stamp = at === 'latest' ? null : `${folder}-${at.toISOString().replaceAll(/[-:.]/g, '')}`
    const before = names.findLast((name) => stamp === null || name <= stamp)
    const after = stamp === null ? undefined : names.find((name) => name > stamp)
    if (before === undefined && after === undefined)
      throw new RepositoryError('missing', `${repositoryPaths(system).filesets}${folder}`)
    for (const name of [before, after])
      if (name !== undefined) found.push(await files.readFileset(name, from))
  }
  return found
}
