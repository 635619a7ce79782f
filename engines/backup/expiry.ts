import { epochMoment } from './epochs.ts'
import type { BackupManifest, ObjectHead } from './model.ts'
import { readWalPath } from './paths.ts'
import type { Fileset, Retention } from './repository-model.ts'
import { parseLsn, parseSegmentName } from './wal-names.ts'

const DAY_MS = 86_400_000
const FILE_PERIOD_SECONDS = 7 * 86_400

/** A span of time of which everything is kept until the hold is taken back; `to` null means until now and on. */
export interface LegalHold {
  readonly from: Date
  readonly to: Date | null
}

/** What is known of a repository; nothing is asked of any store. */
export interface ExpiryRequest {
  readonly system: string
  readonly now: Date
  readonly retention: Pick<Retention, 'keepSeconds' | 'tailSeconds'> &
    Partial<Pick<Retention, 'filePeriodSeconds'>>
  readonly manifests: readonly BackupManifest[]
  /** Sets of files with their base, which a set that is kept needs. */
  readonly filesets: readonly (Pick<Fileset, 'name' | 'folder' | 'at' | 'files'> & {
    readonly base: string | null
  })[]
  /** Everything below `SYSTEM/` in a region. */
  readonly objects: readonly ObjectHead[]
  readonly holds: readonly LegalHold[]
  readonly segmentBytes: number
}

/** What may go: no kept moment needs it. Paths are in the order of removal: notes before what they name. */
export interface ExpiryPlan {
  readonly paths: readonly string[]
  readonly backups: readonly string[]
  /** The oldest moment that can still be restored; null without a backup. */
  readonly oldest: Date | null
}

/** The moments that a full backup and its incrementals serve: until the next full one was whole. */
interface Chain {
  readonly backups: readonly BackupManifest[]
  readonly full: BackupManifest
  readonly from: number
  readonly to: number
  /** Where its log begins and, once another chain follows, where it ends. */
  readonly startLsn: bigint
  readonly endLsn: bigint | null
}

/** What removal is decided by, gathered once for any number of objects. */
interface Needs {
  readonly request: ExpiryRequest
  readonly kept: readonly Chain[]
  readonly cutoff: number
  /** The beginning of the oldest backup that stays. */
  readonly oldest: number
  readonly backups: ReadonlySet<string>
  readonly sets: ReadonlySet<string>
  readonly knownSets: ReadonlySet<string>
  readonly files: ReadonlySet<string>
  readonly epochs: ReadonlySet<string>
  readonly paths: ReadonlySet<string>
}

/** Plans what goes. A chain goes whole, once every moment that it serves is too old; the newest chain always stays. Policy 6.1-e. */
export function planExpiry(request: ExpiryRequest): ExpiryPlan {
  const chains = chainsOf(request.manifests)
  const cutoff = request.now.getTime() - request.retention.keepSeconds * 1000
  const held = (chain: Chain): boolean =>
    request.holds.some(
      ({ from, to }) => chain.to > from.getTime() && chain.from <= (to?.getTime() ?? Infinity),
    )
  const kept = chains.filter((chain, at) => at === chains.length - 1 || chain.to > cutoff || held(chain))
  if (kept.length === 0) return { paths: [], backups: [], oldest: null }
  const gone = chains.filter((chain) => !kept.includes(chain))
  const backups = gone.flatMap((chain) => chain.backups.map(({ name }) => name))
  const needs = needsOf(request, kept, cutoff, [...backups, ...orphanedBackups(request, cutoff)])
  const removable = (head: ObjectHead): boolean =>
    backupGoes(needs, head) ||
    walGoes(needs, head) ||
    setGoes(needs, head) ||
    fileGoes(needs, head) ||
    epochGoes(needs, head)
  const paths = request.objects.filter(removable).map(({ path }) => path)
  const oldest = new Date(Math.min(...kept.map(({ from }) => from)))
  return { paths: notesFirst(paths), backups, oldest }
}

function needsOf(
  request: ExpiryRequest,
  kept: readonly Chain[],
  cutoff: number,
  backups: readonly string[],
): Needs {
  const sets = filesetsKept(request, kept)
  const files = sets.flatMap((set) => set.files)
  const own = kept.flatMap((chain) => chain.backups)
  return {
    request,
    kept,
    cutoff,
    oldest: Math.min(...own.map(({ startedAt }) => Date.parse(startedAt))),
    backups: new Set(backups),
    sets: new Set(sets.map(({ name }) => name)),
    knownSets: new Set(request.filesets.map(({ name }) => name)),
    files: new Set(files.flatMap(({ objects }) => objects.map(({ path }) => path))),
    epochs: new Set([...own.map(({ epoch }) => epoch), ...files.map(({ epoch }) => epoch)]),
    paths: new Set(request.objects.map(({ path }) => path)),
  }
}

/** Full backups with their incrementals, oldest first; an incremental whose parent is gone stays with the chain before it. */
function chainsOf(manifests: readonly BackupManifest[]): Chain[] {
  const sorted = manifests.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const fulls = sorted.filter(({ kind }) => kind === 'full')
  const roots = rootsOf(sorted, fulls)
  return fulls.map((full, at) => {
    const next = fulls[at + 1]
    return {
      full,
      backups: sorted.filter((one) => roots.get(one.name) === full.name),
      from: Date.parse(full.finishedAt),
      to: next === undefined ? Infinity : Date.parse(next.finishedAt),
      startLsn: parseLsn(full.startLsn),
      endLsn: next === undefined ? null : parseLsn(next.endLsn),
    }
  })
}

/** The full backup that each goes with: its chain's, or the last one before it when a parent is gone. Parents sort before their children. */
function rootsOf(
  sorted: readonly BackupManifest[],
  fulls: readonly BackupManifest[],
): ReadonlyMap<string, string> {
  const roots = new Map<string, string>()
  for (const { name, kind, parent } of sorted) {
    const before = fulls.findLast((full) => full.name < name) ?? fulls[0]
    roots.set(name, kind === 'full' ? name : (roots.get(parent ?? '') ?? before?.name ?? ''))
  }
  return roots
}

/** Objects of backups that never got a manifest, once they are older than anything that is kept. */
function orphanedBackups({ system, manifests, objects }: ExpiryRequest, cutoff: number): string[] {
  const named = new Set(manifests.map(({ name }) => name))
  const newest = new Map<string, number>()
  for (const { path, storedAt } of objects) {
    const name = backupOf(system, path)
    if (name !== null && !named.has(name))
      newest.set(name, Math.max(newest.get(name) ?? 0, storedAt.getTime()))
  }
  return [...newest].filter(([, storedAt]) => storedAt < cutoff).map(([name]) => name)
}

function backupOf(system: string, path: string): string | null {
  return path.startsWith(`${system}/backups/`) ? (path.split('/')[2] ?? null) : null
}

function backupGoes({ request, backups }: Needs, { path }: ObjectHead): boolean {
  const name = backupOf(request.system, path)
  return name !== null && backups.has(name)
}

function walGoes({ request, kept, paths }: Needs, head: ObjectHead): boolean {
  const named = readWalPath(request.system, head.path)
  if (named === null) return false
  if (named.kind === 'history') return named.timeline < Math.min(...kept.map(({ full }) => full.timeline))
  const parsed = parseSegmentName(named.segment, request.segmentBytes)
  if (parsed === null) return false
  const from = parsed.number * BigInt(request.segmentBytes)
  const to = from + BigInt(request.segmentBytes)
  const needed = kept.some(({ startLsn, endLsn }) => to > startLsn && (endLsn === null || from < endLsn))
  if (!needed) return true
  if (named.kind === 'segment') return false
  // The whole segment holds what this piece holds.
  const old = request.now.getTime() - head.storedAt.getTime() > request.retention.tailSeconds * 1000
  return old && paths.has(`${head.path.slice(0, head.path.lastIndexOf('/'))}.obj`)
}

type Sets = ExpiryRequest['filesets']

/** Sets that a kept chain's moments need: those within its time, the last one before it, and what they are written against. */
function filesetsKept({ filesets }: ExpiryRequest, kept: readonly Chain[]): Sets {
  const needed = new Set<string>()
  for (const sets of Map.groupBy(filesets, ({ folder }) => folder).values()) {
    const sorted = sets.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const chain of kept) {
      const before = sorted.findLast(({ at }) => Date.parse(at) <= chain.from)
      const after = sorted.find(({ at }) => Date.parse(at) > chain.to)
      const within = sorted.filter(({ at }) => Date.parse(at) >= chain.from && Date.parse(at) <= chain.to)
      for (const set of [before, ...within, after]) if (set !== undefined) needed.add(set.name)
    }
  }
  for (const { name, base } of filesets) if (needed.has(name) && base !== null) needed.add(base)
  return filesets.filter(({ name }) => needed.has(name))
}

function setGoes({ request, sets, knownSets, oldest }: Needs, { path, storedAt }: ObjectHead): boolean {
  if (!path.startsWith(`${request.system}/filesets/`)) return false
  const name = path.slice(request.system.length + 10).replace(/(?:-\d{4}\.rows|\.note)$/, '')
  if (sets.has(name)) return false
  // One that nobody read may be needed until nothing of its time is kept.
  return knownSets.has(name) || storedAt.getTime() < oldest - DAY_MS
}

function fileGoes({ request, files, cutoff }: Needs, { path, storedAt }: ObjectHead): boolean {
  if (!path.startsWith(`${request.system}/files/`)) return false
  // Sets name a file for a period after it was stored, and may not all have been read.
  return storedAt.getTime() + periodMs(request) < cutoff && !files.has(path)
}

function periodMs({ retention }: ExpiryRequest): number {
  return (retention.filePeriodSeconds ?? FILE_PERIOD_SECONDS) * 1000
}

/** An epoch goes once no backup, log or file of its time can be there any more, unless a kept backup or file still names it. */
function epochGoes({ request, epochs, oldest }: Needs, { path }: ObjectHead): boolean {
  const start = `${request.system}/epochs/`
  const [, id] = path.startsWith(start) ? (/^([0-9a-f]{32})\//.exec(path.slice(start.length)) ?? []) : []
  if (id === undefined || epochs.has(id)) return false
  const made = epochMoment(id).getTime()
  if (made >= oldest - DAY_MS - periodMs(request)) return false
  // A file of several objects may have ended in the epoch after the one it names.
  for (const other of epochs) if (id > other && made - epochMoment(other).getTime() < DAY_MS) return false
  return true
}

function notesFirst(paths: readonly string[]): string[] {
  const rank = (path: string): number =>
    path.endsWith('/manifest.note') || path.includes('/filesets/') ? 0 : path.includes('/epochs/') ? 2 : 1
  return paths.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}
