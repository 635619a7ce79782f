import { epochMoment } from './epochs.ts'
import type { BackupManifest, ObjectHead } from './model.ts'
import { readWalPath } from './paths.ts'
import type { Fileset, Retention } from './repository-model.ts'
import { parseLsn, parseSegmentName } from './wal-names.ts'

const DAY_MS = 86_400_000

/** A span of time of which everything is kept until the hold is taken back; `to` null means until now and on. */
export interface LegalHold {
  readonly from: Date
  readonly to: Date | null
}

/** What is known of a repository; nothing is asked of any store. */
export interface ExpiryRequest {
  readonly system: string
  readonly now: Date
  readonly retention: Pick<Retention, 'keepSeconds' | 'tailSeconds'>
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
  const orphans = orphanedBackups(request, cutoff)
  const sets = filesetsKept(request, kept)
  const removable = (head: ObjectHead): boolean =>
    inBackup(request.system, head.path, new Set([...backups, ...orphans])) ||
    walGoes(request, kept, head) ||
    fileGoes(request, sets, head, cutoff) ||
    epochGoes(request, kept, sets, head)
  const paths = request.objects.filter(removable).map(({ path }) => path)
  const oldest = new Date(Math.min(...kept.map(({ from }) => from)))
  return { paths: notesFirst(paths), backups, oldest }
}

/** Full backups with their incrementals, oldest first; an incremental whose parent is gone stays with the chain before it. */
function chainsOf(manifests: readonly BackupManifest[]): Chain[] {
  const sorted = manifests.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const fulls = sorted.filter(({ kind }) => kind === 'full')
  return fulls.map((full, at) => {
    const next = fulls[at + 1]
    const backups = sorted.filter((one) => rootOf(one, sorted) === full.name)
    return {
      full,
      backups,
      from: Date.parse(full.finishedAt),
      to: next === undefined ? Infinity : Date.parse(next.finishedAt),
      startLsn: parseLsn(full.startLsn),
      endLsn: next === undefined ? null : parseLsn(next.endLsn),
    }
  })
}

function rootOf(manifest: BackupManifest, all: readonly BackupManifest[]): string {
  let at = manifest
  for (let step = 0; at.parent !== null && step < all.length; step++) {
    const parent = all.find(({ name }) => name === at.parent)
    if (parent === undefined) break
    at = parent
  }
  if (at.kind === 'full') return at.name
  return (
    all.findLast((one) => one.kind === 'full' && one.name < at.name)?.name ??
    all.find(({ kind }) => kind === 'full')?.name ??
    ''
  )
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

function inBackup(system: string, path: string, names: ReadonlySet<string>): boolean {
  const name = backupOf(system, path)
  return name !== null && names.has(name)
}

function walGoes(request: ExpiryRequest, kept: readonly Chain[], head: ObjectHead): boolean {
  const named = readWalPath(request.system, head.path)
  if (named === null) return false
  const timelines = kept.map(({ full }) => full.timeline)
  if (named.kind === 'history') return named.timeline < Math.min(...timelines)
  const parsed = parseSegmentName(named.segment, request.segmentBytes)
  if (parsed === null) return false
  const from = parsed.number * BigInt(request.segmentBytes)
  const to = from + BigInt(request.segmentBytes)
  const needed = kept.some(({ startLsn, endLsn }) => to > startLsn && (endLsn === null || from < endLsn))
  if (!needed) return true
  if (named.kind === 'segment') return false
  // The whole segment holds what this piece holds.
  const old = request.now.getTime() - head.storedAt.getTime() > request.retention.tailSeconds * 1000
  const whole = `${head.path.slice(0, head.path.lastIndexOf('/'))}.obj`
  return old && request.objects.some(({ path }) => path === whole)
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

function fileGoes(request: ExpiryRequest, sets: Sets, head: ObjectHead, cutoff: number): boolean {
  const { path, storedAt } = head
  if (path.startsWith(`${request.system}/filesets/`)) {
    const name = path.slice(request.system.length + 10).replace(/(?:-\d{4}\.rows|\.note)$/, '')
    const known = request.filesets.some((set) => set.name === name)
    return !sets.some((set) => set.name === name) && (known || storedAt.getTime() < cutoff)
  }
  if (!path.startsWith(`${request.system}/files/`) || storedAt.getTime() >= cutoff) return false
  return !sets.some(({ files }) => files.some(({ objects }) => objects.some((one) => one.path === path)))
}

/** An epoch goes a day after the last moment that it could serve, unless a kept backup or file still names it. */
function epochGoes(
  request: ExpiryRequest,
  kept: readonly Chain[],
  sets: Sets,
  { path }: ObjectHead,
): boolean {
  const [, id] = new RegExp(`^${request.system}/epochs/([0-9a-f]{32})/`).exec(path) ?? []
  if (id === undefined) return false
  const oldest = Math.min(...kept.flatMap(({ backups }) => backups.map((one) => Date.parse(one.startedAt))))
  if (epochMoment(id).getTime() >= oldest - DAY_MS) return false
  const named = [
    ...kept.flatMap(({ backups }) => backups.map(({ epoch }) => epoch)),
    ...sets.flatMap(({ files }) => files.map(({ epoch }) => epoch)),
  ]
  if (named.includes(id)) return false
  // A file of several objects may have ended in the epoch after the one it names.
  return !named.some(
    (other) => id > other && epochMoment(id).getTime() - epochMoment(other).getTime() < DAY_MS,
  )
}

function notesFirst(paths: readonly string[]): string[] {
  const rank = (path: string): number =>
    path.endsWith('/manifest.note') || path.includes('/filesets/') ? 0 : path.includes('/epochs/') ? 2 : 1
  return paths.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}
