import { readDocument } from './document.ts'
import { inParallel, readAhead } from './in-parallel.ts'
import { manifestKind, readManifest } from './manifest.ts'
import { RepositoryError, type BackupManifest, type SealedObject } from './model.ts'
import type { Objects } from './object-store.ts'
import { repositoryPaths } from './paths.ts'
import type { Reader } from './reader.ts'
import type { FoundBackup, FoundBackups, Repository, RepositoryOptions } from './repository-model.ts'

const notesAtOnce = 16
const objectsAhead = 4

/** The reading of backups: their manifests, and what they name. */
export function openBackups(
  options: RepositoryOptions,
  reader: Reader,
  objects: Objects,
): Pick<Repository, 'backups' | 'manifest' | 'readArchive' | 'readDatabaseManifest'> {
  return {
    backups: ({ region } = {}) => {
      const regions = options.stores.map((store) => store.region)
      return findBackups(options, reader, region === undefined ? regions : [region])
    },
    manifest: (name, { region } = {}) => readManifestNote(options, reader, name, region),
    readArchive: (manifest, archive, from = {}) => readArchive(objects, manifest, archive, from),
    readDatabaseManifest: ({ databaseManifest: expected }, { region } = {}) =>
      objects.get(expected.path, { region, expected }),
  }
}

async function readManifestNote(
  { system, verifiers }: RepositoryOptions,
  reader: Reader,
  name: string,
  region: string | undefined,
): Promise<BackupManifest> {
  const path = repositoryPaths(system).manifest(name)
  const page = (named: string): Promise<Buffer> => reader.get(named, region)
  const text = await readDocument(verifiers, manifestKind, path, await reader.get(path, region), page)
  return readManifest(system, name, path, text)
}

/** Every manifest of these regions; the same backup is one, in the regions where its manifest is right. */
async function findBackups(
  options: RepositoryOptions,
  reader: Reader,
  regions: readonly string[],
): Promise<FoundBackups> {
  const found = new Map<string, { manifest: BackupManifest; regions: string[] }>()
  const refused: RepositoryError[] = []
  const take = async (name: string, region: string): Promise<void> => {
    try {
      const manifest = await readManifestNote(options, reader, name, region)
      const known = found.get(name)
      if (known === undefined) found.set(name, { manifest, regions: [region] })
      else known.regions.push(region)
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error
      refused.push(error)
    }
  }
  for (const region of regions) {
    const names = await namesIn(options, reader, region, regions.length > 1, refused)
    await inParallel(names, notesAtOnce, (name) => take(name, region))
  }
  const byName = (a: FoundBackup, b: FoundBackup): number => (a.manifest.name < b.manifest.name ? -1 : 1)
  return { backups: [...found.values()].toSorted(byName), refused }
}

async function namesIn(
  { system }: RepositoryOptions,
  reader: Reader,
  region: string,
  others: boolean,
  refused: RepositoryError[],
): Promise<string[]> {
  const prefix = repositoryPaths(system).backups
  try {
    return (await reader.names(prefix, region)).flatMap((path) => {
      const [, name] = /^([^/]+)\/manifest\.note$/.exec(path.slice(prefix.length)) ?? []
      return name === undefined ? [] : [name]
    })
  } catch (error) {
    // While a region is away the others still tell what they hold.
    if (!others || !(error instanceof RepositoryError) || error.code !== 'unreachable') throw error
    refused.push(error)
    return []
  }
}

async function* readArchive(
  objects: Objects,
  manifest: BackupManifest,
  archive: string,
  { region, onProgress }: NonNullable<Parameters<Repository['readArchive']>[2]>,
): AsyncGenerator<Buffer> {
  const listed = manifest.archives.find(({ name }) => name === archive)
  if (listed === undefined)
    throw new RepositoryError('missing', `${manifest.system}/backups/${manifest.name}/${archive}`)
  const totalBytes = listed.objects.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  let doneBytes = 0
  const read = (expected: SealedObject): Promise<Buffer> => objects.get(expected.path, { region, expected })
  for await (const plain of readAhead(listed.objects, objectsAhead, read)) {
    yield plain
    doneBytes += plain.length
    onProgress?.({ step: `${manifest.name} ${archive}`, doneBytes, totalBytes })
  }
}
