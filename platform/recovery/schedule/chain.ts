import { parseLsn, type BackupManifest, type ObjectHead } from '#backup'

/** The newest backup with those that it was added to, oldest first, as one region holds them. */
export interface HeldChain {
  readonly region: string
  readonly manifests: readonly BackupManifest[]
  readonly heads: ReadonlyMap<string, Pick<ObjectHead, 'bytes'>>
}

/** What is wrong with a chain: it begins with a full backup, each next one follows on the one before, and every object is there. */
export function chainFaults({ region, manifests, heads }: HeldChain): string[] {
  const [first] = manifests
  if (first === undefined) return [`${region} holds no backup`]
  const faults =
    first.kind === 'full' ? [] : [`the chain in ${region} begins with ${first.name}, which is no full backup`]
  manifests.forEach((manifest, at) => {
    const before = manifests[at - 1]
    if (before !== undefined) faults.push(...linkFaults(before, manifest, region))
    const missing = objectsOf(manifest).filter(({ path, bytes }) => heads.get(path)?.bytes !== bytes)
    const [one] = missing
    if (one !== undefined)
      faults.push(
        `${missing.length} objects of ${manifest.name} are not whole in ${region}, such as ${one.path}`,
      )
  })
  return faults
}

function linkFaults(before: BackupManifest, manifest: BackupManifest, region: string): string[] {
  const follows =
    manifest.kind === 'incremental' &&
    manifest.parent === before.name &&
    manifest.timeline === before.timeline &&
    parseLsn(manifest.startLsn) >= parseLsn(before.startLsn)
  return follows ? [] : [`${manifest.name} does not follow on ${before.name} in ${region}`]
}

/** Every object that a backup names. */
export function objectsOf(
  manifest: BackupManifest,
): readonly { readonly path: string; readonly bytes: number }[] {
  return [...manifest.archives.flatMap(({ objects }) => objects), manifest.databaseManifest]
}
