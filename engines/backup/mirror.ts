import { inParallel } from './in-parallel.ts'
import { pagesNamed } from './document.ts'
import type { Epochs } from './epochs.ts'
import { RepositoryError, type ObjectHead, type ObjectStore, type OnProgress } from './model.ts'
import { epochOf, requireDescribed } from './object-format.ts'
import { readWalPath } from './paths.ts'
import type { Regions } from './regions.ts'
import type { FoundBackups, MirrorReport, RepositoryOptions } from './repository-model.ts'

const copiesAtOnce = 4

interface MirrorDeps {
  readonly options: RepositoryOptions
  readonly regions: Regions
  readonly epochs: Epochs
  readonly backups: (region: string) => Promise<FoundBackups>
}

interface Copy {
  readonly path: string
  readonly bytes: number
  readonly sources: readonly { readonly store: ObjectStore; readonly head: ObjectHead }[]
}

/** Copies to a region what others hold and it lacks; each object is looked at before, as far as one can without its key. */
export async function mirrorRegion(
  deps: MirrorDeps,
  region: string,
  onProgress: OnProgress = () => {},
): Promise<MirrorReport> {
  const copies = await lackingIn(deps, region)
  const described = await describedObjects(deps, region)
  const totalBytes = copies.reduce((sum, { bytes }) => sum + bytes, 0)
  const refused: RepositoryError[] = []
  let copied = 0
  let bytes = 0
  const work = async (copy: Copy): Promise<void> => {
    try {
      bytes += await copyOne(deps, region, copy, described)
      copied += 1
      onProgress({ step: 'mirror', doneBytes: bytes, totalBytes })
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error
      refused.push(error)
    }
  }
  // Notes last: where a note is, what it names is there already.
  const [notes, others] = [copies.filter(isNote), copies.filter((copy) => !isNote(copy))]
  await inParallel(others, copiesAtOnce, work)
  const places = refused.map(({ path }) => placeOf(path))
  await inParallel(
    notes.filter(({ path }) => !places.includes(placeOf(path))),
    copiesAtOnce,
    work,
  )
  return { region, copied, bytes, refused }
}

/** What a note speaks for: the backup or epoch of its folder, or all files and their sets. */
function placeOf(path: string): string {
  const [system, kind = '', name] = path.split('/')
  return kind === 'files' || kind === 'filesets' ? `${system}/files` : `${system}/${kind}/${name}`
}

function isNote({ path }: { readonly path: string }): boolean {
  return path.endsWith('.note')
}

async function lackingIn({ options, regions }: MirrorDeps, region: string): Promise<Copy[]> {
  const prefix = `${options.system}/`
  const here = new Set<string>()
  for (const store of regions.of(region)) for await (const { path } of store.list(prefix)) here.add(path)
  const found = new Map<string, { store: ObjectStore; head: ObjectHead }[]>()
  for (const store of regions.stores.filter((one) => one.region !== region))
    for await (const head of store.list(prefix))
      if (!here.has(head.path)) found.set(head.path, [...(found.get(head.path) ?? []), { store, head }])
  const wanted = [...found].filter(([path]) => {
    const named = readWalPath(options.system, path)
    if (named?.kind !== 'tail') return true
    const whole = `${path.slice(0, path.lastIndexOf('/'))}.obj`
    return !here.has(whole) && !found.has(whole)
  })
  return wanted.map(([path, sources]) => ({ path, sources, bytes: sources[0]?.head.bytes ?? 0 }))
}

/** What signed manifests say of objects, by path. */
async function describedObjects(
  { regions, backups }: MirrorDeps,
  region: string,
): Promise<ReadonlyMap<string, { bytes: number; sha256: string; path: string; plainBytes: number }>> {
  const described = new Map<string, FoundBackups['backups'][number]['manifest']['databaseManifest']>()
  for (const store of regions.stores.filter((one) => one.region !== region))
    for (const { manifest } of (await backups(store.region)).backups)
      for (const object of [
        manifest.databaseManifest,
        ...manifest.archives.flatMap(({ objects }) => objects),
      ])
        described.set(object.path, object)
  return described
}

async function copyOne(
  deps: MirrorDeps,
  region: string,
  copy: Copy,
  described: Awaited<ReturnType<typeof describedObjects>>,
): Promise<number> {
  let refusal = new RepositoryError('missing', copy.path)
  for (const { store, head } of copy.sources) {
    try {
      const bytes = await store.get(copy.path)
      await requireOurs(deps, copy.path, bytes, described.get(copy.path))
      for (const target of deps.regions.of(region))
        await target.put(copy.path, bytes, { retainUntil: head.retainUntil })
      return bytes.length
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error
      refusal = error
    }
  }
  throw refusal
}

async function requireOurs(
  { options, epochs }: MirrorDeps,
  path: string,
  bytes: Buffer,
  described: Parameters<typeof requireDescribed>[0] | undefined,
): Promise<void> {
  if (described !== undefined) requireDescribed(described, bytes)
  else if (isNote({ path })) pagesNamed(options.verifiers, path, bytes)
  else if (path.endsWith('.obj') || path.endsWith('.tail')) await epochs.note(epochOf(path, bytes))
}
