import {
  planExpiry,
  type BackupManifest,
  type LegalHold,
  type ObjectHead,
  type Repository,
  type Retention,
} from '#backup'

/** What a region is asked about its end. */
export interface RemovableRequest {
  readonly repository: Repository
  readonly region: string
  readonly now: Date
  readonly retention: Pick<Retention, 'keepSeconds' | 'tailSeconds'>
  readonly holds: readonly LegalHold[]
  readonly segmentBytes: number
}

/** What may go from a region now. */
export interface Removable {
  /** Backups that go whole, each with its objects, the manifest first. */
  readonly backups: readonly { readonly name: string; readonly objects: readonly ObjectHead[] }[]
  /** Everything else that no kept moment needs. */
  readonly rest: readonly ObjectHead[]
  /** What only a hold keeps. */
  readonly held: readonly ObjectHead[]
  readonly oldest: Date | null
}

/** Reads what a region holds and plans what may go: only what no kept moment needs and no lock covers. Policy 6.1-e. */
export async function removableIn(request: RemovableRequest): Promise<Removable> {
  const { repository, region, now, holds } = request
  const { backups, refused } = await repository.backups({ region })
  const [strange] = refused
  // What a manifest would need that cannot be read is not known.
  if (strange !== undefined) throw strange
  const manifests = backups.map(({ manifest }) => manifest)
  const objects = await repository.objects(region)
  const filesets = await oldFilesets(request, manifests, objects)
  const planned = { ...request, system: repository.system, manifests, filesets, objects }
  const plan = planExpiry(planned)
  const byPath = new Map(objects.map((head) => [head.path, head]))
  const heads = plan.paths.flatMap((path) => byPath.get(path) ?? [])
  const unlocked = (head: ObjectHead): boolean => head.retainUntil === null || head.retainUntil <= now
  const ofBackup = (name: string): ObjectHead[] =>
    heads.filter(({ path }) => path.startsWith(`${repository.system}/backups/${name}/`))
  const chains = chainsOf(plan.backups, manifests).filter((chain) =>
    chain.every((name) => ofBackup(name).every(unlocked)),
  )
  const named = plan.backups.map((name) => `${repository.system}/backups/${name}/`)
  const rest = heads.filter((head) => unlocked(head) && !named.some((start) => head.path.startsWith(start)))
  const free = holds.length === 0 ? plan : planExpiry({ ...planned, holds: [] })
  const goes = new Set(plan.paths)
  return {
    backups: chains.flat().map((name) => ({ name, objects: ofBackup(name) })),
    rest,
    held: free.paths.flatMap((path) => (goes.has(path) ? [] : (byPath.get(path) ?? []))),
    oldest: plan.oldest,
  }
}

/** The names by chain, incrementals before what they build on: what is left after a stop is still whole. */
function chainsOf(names: readonly string[], manifests: readonly BackupManifest[]): string[][] {
  const full = new Set(manifests.filter(({ kind }) => kind === 'full').map(({ name }) => name))
  const chains: string[][] = []
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const last = chains.at(-1)
    if (full.has(name) || last === undefined) chains.push([name])
    else last.push(name)
  }
  return chains.map((chain) => chain.toReversed())
}

type Sets = Parameters<typeof planExpiry>[0]['filesets']
interface Named {
  readonly name: string
  readonly folder: string
  readonly at: Date
}

/**
 * The sets of files that could go, and those after them that may be written against one of them. Later ones need no
 * reading: their files are locked for longer than they are kept.
 */
async function oldFilesets(
  { repository, region, now, retention, holds }: RemovableRequest,
  manifests: readonly BackupManifest[],
  objects: readonly ObjectHead[],
): Promise<Sets> {
  const cutoff = now.getTime() - retention.keepSeconds * 1000
  const fulls = manifests
    .filter(({ kind }) => kind === 'full')
    .map(({ finishedAt }) => Date.parse(finishedAt))
  const from = Math.max(...fulls.filter((at) => at <= cutoff))
  if (from === -Infinity) return []
  const read = async ({ name, folder, at }: Named): Promise<Sets[number]> => {
    const [set, base] = [
      await repository.readFileset(name, { region }),
      await repository.basesOf(name, region),
    ]
    return { name, folder, at: at.toISOString(), files: set.files, base }
  }
  const sets: Sets[number][] = []
  for (const named of Map.groupBy(namedSets(repository.system, objects), ({ folder }) => folder).values()) {
    const sorted = named.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const until = holds.length === 0 ? from : cutoff
    for (const one of sorted) {
      const later = one.at.getTime() > until
      const set = await read(one)
      sets.push(set)
      // From a set that stands for itself on, nobody needs an older one.
      if (later && set.base === null) break
    }
  }
  return sets
}

function namedSets(system: string, objects: readonly ObjectHead[]): Named[] {
  return objects.flatMap(({ path }) => {
    const match = new RegExp(
      `^${system}/filesets/(([a-z0-9]+)-(\\d{4})(\\d\\d)(\\d\\d)T(\\d\\d)(\\d\\d)(\\d\\d)(\\d{3})Z)\\.note$`,
    ).exec(path)
    if (match === null) return []
    const [, name = '', folder = '', year, month, day, hour, minute, second, ms] = match
    return [{ name, folder, at: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`) }]
  })
}
