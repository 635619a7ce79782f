import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * PostgreSQL's own manifest of the newest backup, kept on this machine: the next incremental backup is made against it,
 * and the sealed copy in the repository cannot be opened here. It names files, sizes and checksums.
 */
export interface ParentManifests {
  /** Null when it is not there: then the next backup is a full one. */
  read(backup: string): Promise<Buffer | null>
  /** Keeps this one, and no other. */
  keep(backup: string, manifest: Buffer): Promise<void>
}

const ENDING = '.backup_manifest'

/** Keeps manifests in a folder of their own. */
export function openParentManifests(folder: string): ParentManifests {
  const path = (backup: string): string => join(folder, `${backup}${ENDING}`)
  return {
    read: async (backup) => {
      try {
        return await readFile(path(backup))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    keep: async (backup, manifest) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const beside = join(folder, `${backup}.new`)
      const handle = await open(beside, 'w', 0o600)
      try {
        await handle.writeFile(manifest)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(beside, path(backup))
      for (const name of await readdir(folder))
        if (name !== `${backup}${ENDING}` && /\.(?:backup_manifest|new)$/.test(name))
          await rm(join(folder, name), { force: true })
    },
  }
}
