import { ArchivePieces } from './archive-writer.ts'
import { writeDocument } from './document.ts'
import type { Epochs } from './epochs.ts'
import { manifestKind, manifestText, readManifest } from './manifest.ts'
import { RepositoryError, type ArchiveObjects, type BackupManifest, type SealedObject } from './model.ts'
import { describeObject, sealObject, type EpochSecret } from './object-format.ts'
import { packHere } from './object-packer.ts'
import { repositoryPaths, stampOf } from './paths.ts'
import type { Receipt, Regions } from './regions.ts'
import type { BackupFacts, BackupWriter, RepositoryOptions } from './repository-model.ts'

interface WriterRequest {
  readonly options: RepositoryOptions
  readonly regions: Regions
  readonly epochs: Epochs
  readonly kind: BackupManifest['kind']
  readonly parent: string | null
}

/** Until when what belongs to a backup is locked. Policy 6.1-e. */
export function backupLock(options: RepositoryOptions): Date {
  const { keepSeconds, graceSeconds } = options.retention()
  return new Date(options.clock.now().getTime() + (keepSeconds + graceSeconds) * 1000)
}

/** Begins a backup under the current epoch, whose secret it keeps until it is whole. */
export async function openBackupWriter(request: WriterRequest): Promise<BackupWriter> {
  const { options, regions, kind, parent } = request
  if ((kind === 'full') !== (parent === null))
    throw new Error('an incremental backup has a parent, a full one has none')
  const startedAt = options.clock.now()
  const name = `${stampOf(startedAt)}-${kind === 'full' ? 'full' : 'incr'}`
  const epoch = await request.epochs.current()
  const paths = repositoryPaths(options.system)
  const receipts: Receipt[] = [...epoch.receipts]
  const archives: ArchivePieces[] = []
  const put = (path: string, bytes: Buffer): Promise<Receipt> => regions.put(path, bytes, backupLock(options))
  return {
    name,
    epoch: epoch.id,
    archive: (archive) => {
      const pieces = new ArchivePieces({
        name: archive,
        system: options.system,
        epoch,
        packer: options.packer ?? packHere,
        pathOf: (index) => paths.archiveObject(name, archive, index),
        put,
        onReceipt: (receipt) => receipts.push(receipt),
      })
      archives.push(pieces)
      return pieces
    },
    finish: async (facts) => {
      const whole = await endedArchives(archives)
      const database = await putDatabaseManifest({ options, epoch, name, facts, put, receipts })
      const begun = { name, kind, parent, startedAt: startedAt.toISOString(), epoch: epoch.id }
      const manifest = manifestOf(options, begun, facts, whole, database)
      return { manifest, regions: await publish(options, regions, manifest, receipts) }
    },
  }
}

async function endedArchives(archives: readonly ArchivePieces[]): Promise<ArchiveObjects[]> {
  const whole: ArchiveObjects[] = []
  for (const { name, ended } of archives) {
    if (ended === null) throw new Error(`${name} of the backup was not ended`)
    whole.push(await ended)
  }
  return whole
}

function manifestOf(
  { system, clock }: RepositoryOptions,
  begun: Pick<BackupManifest, 'name' | 'kind' | 'parent' | 'startedAt' | 'epoch'>,
  facts: BackupFacts,
  archives: readonly ArchiveObjects[],
  databaseManifest: SealedObject,
): BackupManifest {
  return {
    format: 1,
    system,
    name: begun.name,
    kind: begun.kind,
    parent: begun.parent,
    driver: facts.driver,
    startedAt: begun.startedAt,
    finishedAt: clock.now().toISOString(),
    startLsn: facts.startLsn,
    endLsn: facts.endLsn,
    timeline: facts.timeline,
    serverVersion: facts.serverVersion,
    epoch: begun.epoch,
    archives,
    databaseManifest,
  }
}

async function putDatabaseManifest(request: {
  readonly options: RepositoryOptions
  readonly epoch: EpochSecret
  readonly name: string
  readonly facts: BackupFacts
  readonly put: (path: string, bytes: Buffer) => Promise<Receipt>
  readonly receipts: Receipt[]
}): Promise<SealedObject> {
  const { system } = request.options
  const plain = request.facts.databaseManifest
  const path = repositoryPaths(system).databaseManifest(request.name)
  const stored = await sealObject(request.epoch, system, path, plain)
  request.receipts.push(await request.put(path, stored))
  return describeObject(path, plain.length, stored)
}

/** Stores the manifest in each region that has every object; what a region missed is copied to it first. */
async function publish(
  options: RepositoryOptions,
  regions: Regions,
  manifest: BackupManifest,
  receipts: readonly Receipt[],
): Promise<string[]> {
  const signer = (await options.newestSigner?.()) ?? options.signer
  const path = repositoryPaths(options.system).manifest(manifest.name)
  if (signer === undefined) throw new RepositoryError('no-key', path)
  const text = manifestText(manifest)
  // What we could not read back must not become the only key to a backup.
  readManifest(options.system, manifest.name, path, text)
  const { note, pages } = writeDocument(signer, manifestKind, path, text)
  const retainUntil = backupLock(options)
  await Promise.all(receipts.map(({ answered }) => answered))
  const complete: string[] = []
  let failure: unknown = new RepositoryError('broken-chain', path)
  for (const store of regions.stores) {
    const { region } = store
    try {
      if (!(await regions.complete(region, receipts))) continue
      for (const page of pages) await store.put(page.path, page.bytes, { retainUntil })
      await store.put(path, note, { retainUntil })
      complete.push(region)
    } catch (error) {
      // The others may have the backup; then the mirror brings what this one lacks.
      failure = error
      options.onRegion?.({ kind: 'missed', path, region, error: error as Error })
    }
  }
  if (complete.length === 0) throw failure
  return complete
}
