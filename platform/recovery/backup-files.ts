import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Problem } from '../kernel/problem.ts'
import { manifestShape, readShape, type Manifest } from './manifest.ts'

/** The file inside a backup's folder that holds everything, sealed. */
export const SEALED_FILE = 'data.sealed'
const MANIFEST_FILE = 'manifest.json'
/** Folders of backups that are being made; one that is found later belongs to a run that was cut off. */
const MAKING = '.making-'
const CHECKPOINT = 'checkpoint'

/** The folder of the backups below the data folder. */
export function backupsFolder(varFolder: string): string {
  return join(varFolder, 'backups')
}

/** The folder of the ledger below the data folder. */
export function ledgerFolder(varFolder: string): string {
  return join(varFolder, 'ledger')
}

/** A new name: the moment, and some digits so that two in one second differ. */
export function newName(at: Date): string {
  return `${at.toISOString().replaceAll(/[:.]/g, '-')}-${randomBytes(2).toString('hex')}`
}

/** Makes a hidden folder to write a backup in, and removes what runs that were cut off left. */
export async function makeWorkFolder(folder: string, name: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const left of (await readdir(folder)).filter((one) => one.startsWith(MAKING)))
    await rm(join(folder, left), { recursive: true, force: true })
  const work = join(folder, `${MAKING}${name}`)
  await mkdir(work, { mode: 0o700 })
  return work
}

/** Writes the manifest and lets the whole backup appear at once under its name, safe on the disk. */
export async function publishBackup(folder: string, work: string, manifest: Manifest): Promise<void> {
  const handle = await open(join(work, MANIFEST_FILE), 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(work, join(folder, manifest.name))
  const parent = await open(folder, 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}

/** The manifest of the backup in this folder; throws `recovery.unreadable`. */
export async function readManifest(folder: string): Promise<Manifest> {
  let text: string
  try {
    text = await readFile(join(folder, MANIFEST_FILE), 'utf8')
  } catch (cause) {
    throw new Problem('recovery.unreadable', 'There is no backup in this folder.', { cause })
  }
  try {
    return readShape(manifestShape, JSON.parse(text))
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw new Problem('recovery.unreadable', 'The manifest of the backup is not readable.', { cause })
  }
}

/** The names of the folders in which a whole backup lies. */
export async function backupNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return entries.filter((one) => one.isDirectory() && !one.name.startsWith('.')).map((one) => one.name)
}

/** Removes a backup: first its name, then its bytes, so that none is ever half there. */
export async function removeBackup(folder: string, name: string): Promise<void> {
  const gone = join(folder, `${MAKING}removed-${name}`)
  try {
    await rename(join(folder, name), gone)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  await rm(gone, { recursive: true, force: true })
}

/** The files below a folder by their path in it; none when there is no such folder. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

/** The checkpoint file of a ledger; null when there is none. */
async function checkpointOf(ledger: string): Promise<string | null> {
  try {
    return await readFile(join(ledger, CHECKPOINT), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * Copies the ledger's folder when it stands at `checkpoint`, before and after; false when it went on meanwhile. Its files
 * never change, they are only replaced, so a second name for each is a copy.
 */
export async function copyLedger(ledger: string, to: string, checkpoint: string | null): Promise<boolean> {
  if ((await checkpointOf(ledger)) !== checkpoint) return false
  await rm(to, { recursive: true, force: true })
  try {
    for (const path of (await filesBelow(ledger)).filter((one) => !one.endsWith('.new'))) {
      await mkdir(dirname(join(to, path)), { recursive: true })
      await linkOrCopy(join(ledger, path), join(to, path))
    }
  } catch (error) {
    // A full tile has replaced a partial one between the listing and the link.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  return (await checkpointOf(ledger)) === checkpoint
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error
    await copyFile(from, to)
  }
}

/** Reasons of the file system for which a backup cannot be written. */
const UNWRITABLE = ['EACCES', 'EDQUOT', 'EIO', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS', 'EEXIST', 'EFBIG']

/** A refusal of the file system as `recovery.unwritable`; any other error as it is. */
export function asUnwritable(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined || !UNWRITABLE.includes(code)) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  const detail = full
    ? 'The disk of the backup folder is full; nothing was kept of this backup.'
    : `The backup folder cannot be written to (${code}); nothing was kept of this backup.`
  return new Problem('recovery.unwritable', detail, { cause: error })
}
