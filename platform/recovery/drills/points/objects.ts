import { createHash } from 'node:crypto'
import type { BackupManifest, ObjectStore } from '#backup'
import { repositoryPaths } from '#backup'
import { readBrokenCopies } from '../../restore/index.ts'
import { needed, PointFailed, requireNone } from '../points.ts'
import type { DrillWorld } from '../world.ts'

/** The newest backup with its parents, the newest first. */
async function newestChain({ reading }: DrillWorld): Promise<readonly BackupManifest[]> {
  const { backups, refused } = await reading.repository.backups()
  const [first] = refused
  if (first !== undefined) throw first
  const byName = new Map(backups.map(({ manifest }) => [manifest.name, manifest]))
  const chain: BackupManifest[] = []
  for (let one = backups.at(-1)?.manifest; one !== undefined && !chain.includes(one);)
    one = (chain.push(one), one.parent === null ? undefined : byName.get(one.parent))
  if (chain.length === 0) throw new PointFailed('there is no backup')
  return chain
}

function pathsOf(system: string, manifest: BackupManifest): string[] {
  const objects = [manifest.databaseManifest, ...manifest.archives.flatMap((archive) => archive.objects)]
  return [repositoryPaths(system).manifest(manifest.name), ...objects.map(({ path }) => path)]
}

/** What one region says of the objects of the chain. */
async function lockedIn(
  store: ObjectStore,
  paths: readonly string[],
  now: Date,
): Promise<{ readonly faults: readonly string[]; readonly until: Date | null }> {
  const faults: string[] = []
  let until: Date | null = null
  for (const path of paths) {
    const head = await store.head(path)
    if (head === null) faults.push(`${store.region} lacks ${path}`)
    else if (head.retainUntil === null || head.retainUntil <= now)
      faults.push(`${path} in ${store.region} may be removed already`)
    else if (until === null || head.retainUntil < until) until = head.retainUntil
  }
  return { faults, until }
}

async function hashesOf(store: ObjectStore, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const path of paths)
    found.set(
      path,
      createHash('sha256')
        .update(await store.get(path))
        .digest('hex'),
    )
  return found
}

/** Every object of the newest chain is in every region, with the same hash, and locked. Policy 6.1-c, 6.1-e. */
export async function everythingLocked(world: DrillWorld): Promise<string> {
  const { stores, repository } = world.reading
  const paths = (await newestChain(world)).flatMap((one) => pathsOf(repository.system, one))
  const locks: string[] = []
  const faults: string[] = []
  let first: ReadonlyMap<string, string> | null = null
  for (const store of stores) {
    const { faults: found, until } = await lockedIn(store, paths, world.clock.now())
    faults.push(...found)
    if (found.length > 0) continue
    const hashes = await hashesOf(store, paths)
    const differs = first === null ? undefined : paths.find((path) => first?.get(path) !== hashes.get(path))
    if (differs !== undefined) faults.push(`${differs} differs in ${store.region}`)
    first ??= hashes
    const how = store.lock === 'compliance' ? 'locks them' : 'is a folder, which only promises to keep them'
    locks.push(`${store.region} ${how} until ${needed(until, 'the chain has no object').toISOString()}`)
  }
  requireNone(faults.slice(0, 5))
  return `the ${paths.length} objects of the newest chain have the same hash in ${stores.length} region${stores.length === 1 ? '' : 's'}: ${locks.join(', ')}`
}

/** Every sealed object and manifest of the newest chain, and the log that it needs, opens in every region. */
export async function everythingOpens(world: DrillWorld): Promise<string> {
  const { repository, opener } = world.reading
  needed(opener, 'the recovery identity is not here')
  let objects = 0
  let bytes = 0
  for (const { name } of await newestChain(world))
    for (const region of repository.regions) {
      const verdict = await repository.verifyBackup(name, { region, onProgress: world.onProgress })
      if (!verdict.opened) throw new PointFailed(`the objects of ${name} in ${region} were not opened`)
      objects += verdict.objects
      bytes += verdict.bytes
    }
  return `${objects} objects of ${bytes} bytes opened in ${repository.regions.join(' and ')}`
}

/** Copies of the newest backup in which one object was changed are all refused by its name. */
export async function changedRefused(world: DrillWorld): Promise<string> {
  needed(world.reading.opener, 'the recovery identity is not here')
  const copies = await readBrokenCopies(world.reading.options)
  if (copies.length === 0) throw new PointFailed('no copy was changed')
  requireNone(
    copies.filter(({ refused }) => refused === null).map(({ name }) => `${name} was read without complaint`),
  )
  return `${copies.length} copies with a changed, cut, exchanged or missing object were refused`
}
