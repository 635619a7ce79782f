import { countOf, headReader, sha256Of, type DocumentText } from './document.ts'
import { RepositoryError, type ArchiveObjects, type BackupManifest, type SealedObject } from './model.ts'
import { isBackupName, repositoryPaths } from './paths.ts'

/** The kind of the signed document. */
export const manifestKind = 'manifest'

const lsn = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/
const archiveName = /^(?:base|[1-9][0-9]{0,9})\.tar$/

/** A manifest as it is signed: its facts in the head, a row for each object in order. Paths follow from names. */
export function manifestText(manifest: BackupManifest): DocumentText {
  return {
    head: headText(manifest),
    rows: manifest.archives.flatMap(({ name, objects }) => objects.map((object) => rowText(name, object))),
  }
}

/** Reads what `manifestText` wrote, strictly, for the place where it was found. */
export function readManifest(
  system: string,
  backup: string,
  path: string,
  document: DocumentText,
): BackupManifest {
  const head = headReader(path, document.head)
  if (head.text('system', /^[0-9]{1,20}$/) !== system || head.text('name', /./) !== backup)
    throw new RepositoryError('foreign', path)
  const kind = head.text('kind', /^(?:full|incremental)$/) as BackupManifest['kind']
  const manifest: BackupManifest = {
    format: 1,
    system,
    name: backup,
    kind,
    parent: kind === 'full' ? null : head.text('parent', /^\d{8}T\d{6}Z-(?:full|incr)$/),
    driver: head.text('driver', /^[a-z][a-z0-9-]{0,40}$/),
    startedAt: head.moment('startedAt'),
    finishedAt: head.moment('finishedAt'),
    startLsn: head.text('startLsn', lsn),
    endLsn: head.text('endLsn', lsn),
    timeline: head.count('timeline'),
    serverVersion: head.count('serverVersion'),
    epoch: head.text('epoch', /^[0-9a-f]{32}$/),
    archives: readArchives(system, backup, path, document.rows),
    databaseManifest: readObject(
      repositoryPaths(system).databaseManifest(backup),
      path,
      head.text('databaseManifest', /./).split(' '),
    ),
  }
  head.requireSame(headText(manifest))
  if (!isBackupName(backup, kind) || manifest.archives.length === 0)
    throw new RepositoryError('damaged', path)
  return manifest
}

function headText(manifest: BackupManifest): string {
  const {
    archives: _,
    databaseManifest: { plainBytes, bytes, sha256 },
    ...facts
  } = manifest
  return JSON.stringify({
    format: facts.format,
    system: facts.system,
    name: facts.name,
    kind: facts.kind,
    parent: facts.parent,
    driver: facts.driver,
    startedAt: facts.startedAt,
    finishedAt: facts.finishedAt,
    startLsn: facts.startLsn,
    endLsn: facts.endLsn,
    timeline: facts.timeline,
    serverVersion: facts.serverVersion,
    epoch: facts.epoch,
    databaseManifest: `${plainBytes} ${bytes} ${sha256}`,
  })
}

function rowText(archive: string, { plainBytes, bytes, sha256 }: SealedObject): string {
  return `${archive} ${plainBytes} ${bytes} ${sha256}`
}

function readArchives(
  system: string,
  backup: string,
  path: string,
  rows: readonly string[],
): readonly ArchiveObjects[] {
  const archives: { name: string; objects: SealedObject[] }[] = []
  for (const row of rows) {
    const [name = '', ...sizes] = row.split(' ')
    if (!archiveName.test(name)) throw new RepositoryError('damaged', path)
    if (archives.at(-1)?.name !== name) {
      // An archive that comes back later would name the same objects twice.
      if (archives.some((one) => one.name === name)) throw new RepositoryError('damaged', path)
      archives.push({ name, objects: [] })
    }
    const objects = archives.at(-1)?.objects ?? []
    const place = repositoryPaths(system).archiveObject(backup, name, objects.length)
    objects.push(readObject(place, path, sizes))
  }
  return archives
}

function readObject(place: string, path: string, sizes: readonly string[]): SealedObject {
  const [plain, bytes, sha256, ...more] = sizes
  if (more.length > 0) throw new RepositoryError('damaged', path)
  return {
    path: place,
    plainBytes: countOf(path, plain),
    bytes: countOf(path, bytes),
    sha256: sha256Of(path, sha256),
  }
}
