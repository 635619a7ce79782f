import { lstat, readdir, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RepositoryError, type ObjectHead } from '#backup'
import { HOUR, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { errorCode, makeFolder, plainFile, syncFolder, writeOnce } from './folder-files.ts'
import { laterEnd, readPromise, writePromise, type FolderPromise } from './folder-promise.ts'
import { objectPath, objectPrefix } from './object-path.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { BackupStore } from './store.ts'

/** Which folder stands in for which region. */
export interface FolderStoreDeps {
  readonly region: string
  readonly folder: string
  readonly clock: Clock
  readonly country?: string | null
}

/** The parts of a store's folder: the objects as they are, what is promised of each, and what is being written. */
interface Parts extends FolderStoreDeps {
  readonly objects: string
  readonly promises: string
  readonly writing: string
  readonly marker: string
}

/** How many promises a listing reads at the same time. */
const READS_AT_ONCE = 32

/** Opens a folder as a store, made when missing; throws when it is the folder of another region. */
export async function openFolderStore(deps: FolderStoreDeps): Promise<BackupStore> {
  await makeFolder(deps.folder)
  const folder = await realpath(deps.folder)
  const parts: Parts = {
    ...deps,
    folder,
    objects: join(folder, 'objects'),
    promises: join(folder, 'promises'),
    writing: join(folder, 'writing'),
    marker: join(folder, 'region'),
  }
  await markFolder(parts)
  // A promise that two change at once could become the shorter one.
  const inTurn = oneAtATime()
  const changing = (path: string, change: () => Promise<void>): Promise<void> =>
    reaching(parts, path, () => inTurn(objectPath(path), change))
  return {
    region: deps.region,
    lock: 'promised',
    place: {
      kind: 'folder',
      country: deps.country ?? null,
      address: folder,
      location: folder,
      standIn: true,
    },
    put: (path, bytes, { retainUntil }) => changing(path, () => put(parts, path, bytes, retainUntil)),
    get: (path) => reaching(parts, path, () => get(parts, objectPath(path))),
    head: (path) => reaching(parts, path, () => head(parts, objectPath(path))),
    list: (prefix) => list(parts, objectPrefix(prefix)),
    remove: (path) => changing(path, () => remove(parts, path)),
    hold: (path, held) => changing(path, () => hold(parts, path, held)),
    held: (path) =>
      reaching(parts, path, async () => (await promiseOf(parts, objectPath(path)))?.held ?? false),
    refusesRemoval: (path) =>
      changing(path, () => remove(parts, path)).then(
        () => false,
        (error: unknown) => {
          if (error instanceof RepositoryError && error.code === 'locked') return true
          throw error
        },
      ),
    faults: async () =>
      (await isThere(parts)) ? [] : [{ kind: 'away', says: `the folder of ${deps.region} is not there` }],
    close: async () => {},
  }
}

async function markFolder(parts: Parts): Promise<void> {
  for (const folder of [parts.objects, parts.promises, parts.writing]) await makeFolder(folder)
  await clearWriting(parts)
  await writeOnce(parts.writing, parts.marker, Buffer.from(`${parts.region}\n`))
  const region = (await plainFile(parts.marker))?.toString().trim()
  if (region !== parts.region)
    throw new Error(`the folder for backups of ${parts.region} holds those of ${region ?? 'nobody'}`)
}

/** Removes what a crash left half written; it never had a name among the objects. */
async function clearWriting({ writing, clock }: Parts): Promise<void> {
  for (const name of await readdir(writing)) {
    const file = join(writing, name)
    const written = await stat(file).catch(() => null)
    // Another process may be writing here at this moment.
    if (written !== null && secondsBetween(written.mtime, clock.now()) > HOUR) await rm(file, { force: true })
  }
}

async function isThere(parts: Parts): Promise<boolean> {
  try {
    return (await plainFile(parts.marker))?.toString().trim() === parts.region
  } catch {
    return false
  }
}

/** Runs an operation; a folder that went away, such as a disk that is no longer mounted, is never taken for an empty one. */
async function reaching<Result>(parts: Parts, path: string, run: () => Promise<Result>): Promise<Result> {
  try {
    if (!(await isThere(parts))) throw new RepositoryError('unreachable', path)
    return await run()
  } catch (error) {
    if (error instanceof RepositoryError) throw error
    throw new RepositoryError('unreachable', path, error)
  }
}

const objectFile = (parts: Parts, path: string): string => join(parts.objects, path)
const promiseFile = (parts: Parts, path: string): string => join(parts.promises, path)

function promiseOf(parts: Parts, path: string): Promise<FolderPromise | undefined> {
  return readPromise(promiseFile(parts, path), path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOTDIR' || errorCode(error) === 'EISDIR') return undefined
    throw error
  })
}

/** The bytes of an object; undefined when there is none, throws `damaged` where something else lies in its place. */
async function bytesOf(parts: Parts, path: string): Promise<Buffer | undefined> {
  try {
    return await plainFile(objectFile(parts, path))
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR' || errorCode(error) === 'EISDIR') return undefined
    if (errorCode(error) === 'ELOOP') throw new RepositoryError('damaged', path, error)
    throw error
  }
}

async function put(parts: Parts, path: string, bytes: Uint8Array, until: Date | null): Promise<void> {
  const there = await bytesOf(parts, path)
  if (there !== undefined && !there.equals(bytes)) throw new RepositoryError('exists', path)
  const before = await promiseOf(parts, path)
  const promise: FolderPromise = {
    storedAt: (there === undefined ? undefined : before?.storedAt) ?? parts.clock.now(),
    retainUntil: laterEnd(before?.retainUntil ?? null, until),
    held: before?.held ?? false,
  }
  const promised = there !== undefined && promise.retainUntil?.getTime() === before?.retainUntil?.getTime()
  // The promise comes first: an object is never there without one.
  if (!promised) await taking(path, () => writePromise(parts.writing, promiseFile(parts, path), promise))
  if (there !== undefined) return
  const made = await taking(path, async () => {
    await makeInside(parts, objectFile(parts, path))
    return writeOnce(parts.writing, objectFile(parts, path), bytes)
  })
  if (!made && (await bytesOf(parts, path))?.equals(bytes) !== true) throw new RepositoryError('exists', path)
}

/** How often a file is written again whose folder was removed, being empty, at the same moment. */
const FOLDER_TRIES = 5

async function taking<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await write()
    } catch (error) {
      const code = errorCode(error) ?? ''
      // An object and the folder of others cannot have one name.
      if (['ENOTDIR', 'EEXIST', 'EISDIR'].includes(code)) throw new RepositoryError('exists', path, error)
      if (code !== 'ENOENT' || tries === FOLDER_TRIES) throw error
    }
  }
}

/** Makes the folder of a file and sees that no symbolic link leads out of the store. */
async function makeInside(parts: Parts, file: string): Promise<void> {
  const folder = dirname(file)
  await makeFolder(folder)
  if ((await realpath(folder)) !== folder)
    throw new RepositoryError('damaged', file.slice(parts.objects.length + 1))
}

async function get(parts: Parts, path: string): Promise<Buffer> {
  const bytes = await bytesOf(parts, path)
  if (bytes === undefined) throw new RepositoryError('missing', path)
  return bytes
}

async function head(parts: Parts, path: string): Promise<ObjectHead | null> {
  const bytes = await sizeOf(parts, path)
  if (bytes === null) return null
  const promise = await promiseOf(parts, path)
  if (promise === undefined) {
    // It may have been removed between the two looks.
    if ((await sizeOf(parts, path)) === null) return null
    // What nobody promised anything of is nobody's to remove.
    throw new RepositoryError('damaged', path)
  }
  return { path, bytes, storedAt: promise.storedAt, retainUntil: promise.retainUntil }
}

async function sizeOf(parts: Parts, path: string): Promise<number | null> {
  try {
    const found = await lstat(objectFile(parts, path))
    return found.isFile() ? found.size : null
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null
    throw error
  }
}

async function* list(parts: Parts, prefix: string): AsyncGenerator<ObjectHead> {
  await reaching(parts, prefix, async () => {})
  const slash = prefix.lastIndexOf('/')
  yield* listFolder(parts, slash < 0 ? '' : prefix.slice(0, slash), prefix)
}

async function* listFolder(parts: Parts, folder: string, prefix: string): AsyncGenerator<ObjectHead> {
  const found = await reaching(parts, prefix, () => entriesOf(parts, folder))
  const named = found
    .map((entry) => ({ entry, path: folder === '' ? entry.name : `${folder}/${entry.name}` }))
    .filter(({ path }) => path.startsWith(prefix) || prefix.startsWith(`${path}/`))
  const files = named.filter(({ entry }) => entry.isFile())
  for (let at = 0; at < files.length; at += READS_AT_ONCE) {
    const some = files.slice(at, at + READS_AT_ONCE)
    const heads = await reaching(parts, prefix, () => Promise.all(some.map(({ path }) => head(parts, path))))
    yield* heads.filter((one) => one !== null)
  }
  for (const { entry, path } of named) if (entry.isDirectory()) yield* listFolder(parts, path, prefix)
}

async function entriesOf(parts: Parts, folder: string) {
  try {
    return await readdir(join(parts.objects, folder), { withFileTypes: true })
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return []
    throw error
  }
}

async function remove(parts: Parts, path: string): Promise<void> {
  const found = await head(parts, path)
  if (found === null) return
  const { retainUntil } = found
  const held = (await promiseOf(parts, path))?.held ?? true
  // Policy 6.1-e.
  if (held || (retainUntil !== null && retainUntil > parts.clock.now()))
    throw new RepositoryError('locked', path)
  await rm(objectFile(parts, path), { force: true })
  await syncFolder(dirname(objectFile(parts, path)))
  await rm(promiseFile(parts, path), { force: true })
  await removeEmpty(parts.objects, dirname(objectFile(parts, path)))
  await removeEmpty(parts.promises, dirname(promiseFile(parts, path)))
}

/** Removes folders that nothing is left in, from `folder` up to `root`. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root; at = dirname(at)) {
    try {
      await rmdir(at)
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) return
      throw error
    }
  }
}

async function hold(parts: Parts, path: string, held: boolean): Promise<void> {
  if ((await head(parts, path)) === null) throw new RepositoryError('missing', path)
  const promise = await promiseOf(parts, path)
  if (promise === undefined) throw new RepositoryError('damaged', path)
  if (promise.held !== held) await writePromise(parts.writing, promiseFile(parts, path), { ...promise, held })
}
