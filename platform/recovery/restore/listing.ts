import type { BackupManifest, BackupVerdict, OnProgress, Repository } from '#backup'

/** A backup as it is listed: its size, its chain, and where it lies. */
export interface ListedBackup {
  readonly name: string
  readonly kind: BackupManifest['kind']
  readonly parent: string | null
  /** Names from the full backup to this one. */
  readonly chain: readonly string[]
  readonly startedAt: string
  readonly finishedAt: string
  readonly bytes: number
  readonly plainBytes: number
  readonly regions: readonly string[]
}

/** Every backup, the newest first, and the objects that were refused as manifests. */
export interface BackupListing {
  readonly system: string
  readonly regions: readonly string[]
  readonly backups: readonly ListedBackup[]
  readonly refused: readonly { readonly path: string; readonly code: string }[]
}

function chainOf(name: string, parents: ReadonlyMap<string, string | null>): string[] {
  const chain = [name]
  for (let parent = parents.get(name); typeof parent === 'string' && !chain.includes(parent);) {
    chain.unshift(parent)
    parent = parents.get(parent)
  }
  return chain
}

/** Lists what the stores hold; needs no recovery identity. */
export async function listBackups(repository: Repository): Promise<BackupListing> {
  const { backups, refused } = await repository.backups()
  const parents = new Map(backups.map(({ manifest }) => [manifest.name, manifest.parent]))
  const listed = backups.map(({ manifest, regions }): ListedBackup => {
    const objects = [...manifest.archives.flatMap((archive) => archive.objects), manifest.databaseManifest]
    const { name, kind, parent, startedAt, finishedAt } = manifest
    return {
      name,
      kind,
      parent,
      chain: chainOf(name, parents),
      startedAt,
      finishedAt,
      bytes: objects.reduce((sum, one) => sum + one.bytes, 0),
      plainBytes: objects.reduce((sum, one) => sum + one.plainBytes, 0),
      regions,
    }
  })
  return {
    system: repository.system,
    regions: repository.regions,
    backups: listed.toReversed(),
    refused: refused.map(({ path, code }) => ({ path, code })),
  }
}

/** Reads every object of a backup, or of all, in every region; throws at the first that is not right. */
export async function verifyBackups(
  repository: Repository,
  name: string | undefined,
  onProgress: OnProgress,
): Promise<readonly BackupVerdict[]> {
  const { backups, refused } = await repository.backups()
  const [refusal] = refused
  if (refusal !== undefined) throw refusal
  const wanted =
    name === undefined
      ? backups
      : [{ manifest: await repository.manifest(name), regions: repository.regions }]
  const verdicts: BackupVerdict[] = []
  for (const { manifest } of wanted)
    // A region that lacks it is a finding, too.
    for (const region of repository.regions)
      verdicts.push(await repository.verifyBackup(manifest.name, { region, onProgress }))
  return verdicts
}
