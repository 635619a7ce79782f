import { createHash, randomInt } from 'node:crypto'
import type { ObjectHead, Repository } from '#backup'
import { secondsBetween } from '../../kernel/clock.ts'
import type { BackupStore } from '../stores/index.ts'

/** An object that regions do not hold alike: its name and what is wrong with it, without any secret. */
export interface CopyFault {
  readonly path: string
  readonly says: string
}

/** What comparing regions saw. */
export interface ComparedRegions {
  readonly objects: number
  /** How many were read in every region and had the same SHA-256. */
  readonly hashed: number
  readonly faults: readonly CopyFault[]
}

/** What is compared, and how. */
export interface CompareRequest {
  readonly repository: Repository
  readonly stores: readonly BackupStore[]
  readonly now: Date
  /** Younger objects may still be on their way, in seconds. */
  readonly graceSeconds: number
  /** How many objects are read in every region; chosen anew by each run. */
  readonly hashedMax: number
}

/** Compares what the regions list and, of a choice of objects, the bytes. Pieces of the log that a whole segment replaced are left out. Policy 6.1-c. */
export async function compareRegions(request: CompareRequest): Promise<ComparedRegions> {
  const { repository, stores, now, graceSeconds } = request
  const listed = new Map<string, Map<string, ObjectHead>>()
  for (const { region } of stores) {
    const heads = await repository.objects(region)
    listed.set(region, new Map(heads.map((head) => [head.path, head])))
  }
  const youngest = new Map<string, ObjectHead>()
  for (const heads of listed.values())
    for (const head of heads.values())
      if ((youngest.get(head.path)?.storedAt ?? new Date(0)) <= head.storedAt) youngest.set(head.path, head)
  const settled = [...youngest.values()].filter(
    ({ path, storedAt }) => !path.endsWith('.tail') && secondsBetween(storedAt, now) >= graceSeconds,
  )
  const faults = settled.flatMap(({ path }) => listingFault(path, listed))
  const wrong = new Set(faults.map(({ path }) => path))
  const alike = settled.map(({ path }) => path).filter((path) => !wrong.has(path))
  const chosen = choose(alike, request.hashedMax)
  for (const path of chosen) faults.push(...(await hashFault(path, stores)))
  return { objects: settled.length, hashed: chosen.length, faults }
}

function listingFault(
  path: string,
  listed: ReadonlyMap<string, ReadonlyMap<string, ObjectHead>>,
): CopyFault[] {
  const lacking = [...listed].filter(([, heads]) => !heads.has(path)).map(([region]) => region)
  if (lacking.length > 0) return [{ path, says: `${path} is missing in ${lacking.join(' and ')}` }]
  const sizes = new Set([...listed.values()].map((heads) => heads.get(path)?.bytes))
  return sizes.size > 1 ? [{ path, says: `${path} has another size in each region` }] : []
}

async function hashFault(path: string, stores: readonly BackupStore[]): Promise<CopyFault[]> {
  const hashes = new Set<string>()
  for (const store of stores)
    hashes.add(
      createHash('sha256')
        .update(await store.get(path))
        .digest('hex'),
    )
  return hashes.size > 1 ? [{ path, says: `${path} has other bytes in each region` }] : []
}

/** Every manifest, which names everything else by its hash, and others by chance up to `most`. */
function choose(paths: readonly string[], most: number): string[] {
  const newest = paths.filter((path) => path.endsWith('/manifest.note')).toSorted((a, b) => (a < b ? 1 : -1))
  const others = paths.filter((path) => !path.endsWith('/manifest.note'))
  const chosen = newest.slice(0, Math.ceil(most / 2))
  while (chosen.length < most && others.length > 0) {
    const at = randomInt(others.length)
    chosen.push(...others.splice(at, 1))
  }
  return chosen
}
