import { RepositoryError } from './model.ts'
import type { Objects } from './object-store.ts'
import { readWalPath, repositoryPaths } from './paths.ts'
import type { Reader } from './reader.ts'
import type { Repository, RepositoryOptions } from './repository-model.ts'
import { backupLock } from './backup-writer.ts'
import type { WalIndex, WalSegment, WalTail } from './wal-model.ts'
import { parseHistory, segmentBytesDefault, type TimelineBranch } from './wal-names.ts'

const historyBytesMax = 1024 * 1024

/** The write-ahead log in the repository. */
export type WalStore = Pick<
  Repository,
  'putSegment' | 'putTail' | 'putHistory' | 'walIndex' | 'readSegment' | 'readHistory'
> & {
  /** The ancestors of every timeline that has a history file. */
  readonly histories: (
    index: WalIndex,
    region?: string,
  ) => Promise<ReadonlyMap<number, readonly TimelineBranch[]>>
}

/** Puts, lists and reads segments, their pieces while they are written, and the history of timelines. */
export function openWalStore(options: RepositoryOptions, objects: Objects, reader: Reader): WalStore {
  const { system, clock, segmentBytes = segmentBytesDefault } = options
  const paths = repositoryPaths(system)
  const readHistory: Repository['readHistory'] = (timeline, { region } = {}) =>
    objects.get(paths.history(timeline), { region })
  return {
    putSegment: async (segment, bytes) => {
      requireSegment(system, paths.segment(segment))
      return objects.putOnce(paths.segment(segment), bytes, backupLock(options))
    },
    putTail: async (segment, from, bytes) => {
      const path = paths.tail(segment, from, from + bytes.length)
      requireSegment(system, path)
      if (bytes.length === 0) throw new Error('a piece of a segment is not empty')
      const until = clock.now().getTime() + options.retention().tailSeconds * 1000
      return objects.putOnce(path, bytes, new Date(until))
    },
    putHistory: async (timeline, text) => {
      const path = paths.history(timeline)
      if (text.length > historyBytesMax || parseHistory(Buffer.from(text).toString()) === null)
        throw new RepositoryError('damaged', path)
      return objects.putOnce(path, text, backupLock(options))
    },
    walIndex: async ({ region } = {}) => indexOf(system, reader, paths.wal, region),
    readSegment: (segment, { region } = {}) => readSegment(system, objects, segment, region, segmentBytes),
    readHistory,
    histories: async (index, region) => {
      const read = async (timeline: number): Promise<[number, readonly TimelineBranch[]]> => {
        const branches = parseHistory(
          (await readHistory(timeline, region === undefined ? {} : { region })).toString(),
        )
        if (branches === null) throw new RepositoryError('damaged', paths.history(timeline))
        return [timeline, branches]
      }
      return new Map(await Promise.all(index.histories.map(read)))
    },
  }
}

function requireSegment(system: string, path: string): void {
  if (readWalPath(system, path) === null) throw new RepositoryError('foreign', path)
}

async function indexOf(
  system: string,
  reader: Reader,
  prefix: string,
  region: string | undefined,
): Promise<WalIndex> {
  const segments = new Map<string, WalSegment>()
  const tails = new Map<string, WalTail>()
  const histories = new Set<number>()
  for (const { path, storedAt } of await reader.heads(prefix, region)) {
    const named = readWalPath(system, path)
    if (named === null) continue
    if (named.kind === 'history') histories.add(named.timeline)
    else {
      const timeline = Number.parseInt(named.segment.slice(0, 8), 16)
      const one: WalSegment = { timeline, segment: named.segment, path, storedAt }
      if (named.kind === 'segment') segments.set(path, earliest(segments.get(path), one))
      else tails.set(path, { ...earliest(tails.get(path), one), from: named.from, to: named.to })
    }
  }
  const byPath = (a: WalSegment, b: WalSegment): number => (a.path < b.path ? -1 : 1)
  return {
    segments: [...segments.values()].toSorted(byPath),
    tails: [...tails.values()].toSorted(byPath),
    histories: [...histories].toSorted((a, b) => a - b),
  }
}

/** Of the same object in several regions, the one that was there first. */
function earliest(known: WalSegment | undefined, one: WalSegment): WalSegment {
  return known !== undefined && known.storedAt <= one.storedAt ? known : one
}

async function readSegment(
  system: string,
  objects: Objects,
  segment: Parameters<Repository['readSegment']>[0],
  region: string | undefined,
  segmentBytes: number,
): Promise<Buffer> {
  const whole: Buffer[] = []
  for (const { path, from, to } of segment.pieces) {
    const bytes = await objects.get(path, { region })
    const named = readWalPath(system, path)
    const start = named?.kind === 'tail' ? named.from : 0
    const length = named?.kind === 'tail' ? named.to - named.from : bytes.length
    if (named === null || bytes.length !== length || start + bytes.length < to || to > segmentBytes)
      throw new RepositoryError('damaged', path)
    whole.push(bytes.subarray(from - start, to - start))
  }
  const there = Buffer.concat(whole)
  // PostgreSQL reads segments at their full size; the log ends where the zeros begin.
  return there.length === segmentBytes
    ? there
    : Buffer.concat([there, Buffer.alloc(segmentBytes - there.length)])
}
