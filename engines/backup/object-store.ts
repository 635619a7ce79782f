import type { Epochs } from './epochs.ts'
import { RepositoryError, type SealedObject } from './model.ts'
import { describeObject, epochOf, requireDescribed, sealObject, type EpochSecret } from './object-format.ts'
import { packHere } from './object-packer.ts'
import { requirePath } from './paths.ts'
import type { Reader } from './reader.ts'
import type { Regions } from './regions.ts'
import type { RepositoryOptions, StoredObject } from './repository-model.ts'

/** Seals what goes in and opens what comes out. */
export interface Objects {
  put(path: string, plain: Uint8Array, retainUntil: Date): Promise<StoredObject & { readonly epoch: string }>
  /** Like `put`, but accepts one that this system put there before, and copies it to where it is not. */
  putOnce(path: string, plain: Uint8Array, retainUntil: Date): Promise<StoredObject>
  get(
    path: string,
    options?: {
      readonly region?: string | undefined
      readonly expected?: SealedObject
      readonly into?: Buffer | undefined
    },
  ): Promise<Buffer>
}

/**
 * Objects that an earlier process may have left behind the place from which the log is sent again: two that waited, one
 * that was open, one on its way. Nobody can tell those from objects that somebody put there in advance, so that there
 * are no more of them: a hole in the log is told, not taken for log.
 */
const INHERITED_MAX = 4
/** Objects whose writing is remembered, to know them again. */
const REMEMBERED_MAX = 512

/** Objects of a repository over its regions. */
export function openObjects(
  options: RepositoryOptions,
  regions: Regions,
  reader: Reader,
  epochs: Epochs,
): Objects {
  const { system, packer = packHere } = options
  const origin = openOrigin(epochs)
  const put: Objects['put'] = async (path, plain, retainUntil) => {
    requirePath(system, path)
    const epoch = await epochs.current()
    const stored = await sealObject(epoch, system, path, plain)
    const object = describeObject(path, plain.length, stored)
    origin.wrote(object)
    const receipt = await regions.put(path, stored, retainUntil)
    return { object, regions: [...receipt.regions], epoch: epoch.id }
  }
  const get: Objects['get'] = async (path, { region, expected, into } = {}) => {
    requirePath(system, path)
    const stored = await reader.get(path, region)
    const epoch = await epochFor(epochs, path, stored).catch((error: unknown) => {
      // Of bytes that are not those that were promised, nothing is believed: neither does their epoch say what is wrong.
      if (expected !== undefined) requireDescribed(expected, stored)
      throw error
    })
    const plain = await packer.open({ epoch, system, path }, stored, expected, into)
    if (expected !== undefined && plain.length !== expected.plainBytes)
      throw new RepositoryError('damaged', path)
    return plain
  }
  return {
    put,
    get,
    putOnce: async (path, plain, retainUntil) => {
      requirePath(system, path)
      const { there, found, refusal } = await oursIn({ regions, reader, origin }, path)
      if (found === undefined) return await putOr(() => put(path, plain, retainUntil), refusal)
      const receipt = { path, regions: new Set(there), answered: Promise.resolve() }
      for (const store of regions.stores)
        if (!there.includes(store.region) && (await regions.complete(store.region, [receipt])))
          receipt.regions.add(store.region)
      return { object: describeObject(path, plain.length, found), regions: [...receipt.regions] }
    },
  }
}

/** The regions where an object of ours is, its bytes, and why another one is none of ours. */
async function oursIn(
  of: { readonly regions: Regions; readonly reader: Reader; readonly origin: ReturnType<typeof openOrigin> },
  path: string,
) {
  const there: string[] = []
  let found: Buffer | undefined
  let refusal: unknown
  for (const region of await whereItIs(of.regions, path)) {
    try {
      const stored = await of.reader.get(path, region)
      await of.origin.require(path, stored)
      found ??= stored
      there.push(region)
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error
      refusal = error
    }
  }
  return { there, found, refusal }
}

/** Puts where nothing is yet; where something strange is everywhere, that is what there is to tell. */
async function putOr<Result>(put: () => Promise<Result>, refusal: unknown): Promise<Result> {
  try {
    return await put()
  } catch (error) {
    const taken = error instanceof RepositoryError && error.code === 'exists'
    throw taken && refusal !== undefined ? refusal : error
  }
}

/** Knows the objects of this system again where they are stored. */
function openOrigin(epochs: Epochs) {
  const mine = new Map<string, Set<string>>()
  const inherited = new Set<string>()
  return {
    wrote: ({ path, sha256 }: SealedObject): void => {
      const hashes = mine.get(path) ?? new Set()
      mine.delete(path)
      mine.set(path, hashes.add(sha256))
      const [oldest] = mine.keys()
      if (mine.size > REMEMBERED_MAX && oldest !== undefined) mine.delete(oldest)
    },
    /** Throws `foreign` or `damaged` for what this system did not put there. */
    require: async (path: string, stored: Buffer): Promise<void> => {
      if (mine.get(path)?.has(describeObject(path, 0, stored).sha256) === true) return
      // Its epoch is one that this system signed; whether it opens is for those to see who hold the key.
      await epochs.note(epochOf(path, stored))
      if (!inherited.has(path) && inherited.size >= INHERITED_MAX) throw new RepositoryError('foreign', path)
      inherited.add(path)
    },
  }
}

/** The epoch that an object names; one that this system never signed makes the object foreign. */
async function epochFor(epochs: Epochs, path: string, stored: Buffer): Promise<EpochSecret> {
  try {
    return await epochs.open(epochOf(path, stored))
  } catch (cause) {
    if (cause instanceof RepositoryError && cause.code === 'missing' && cause.path.endsWith('/epoch.note'))
      throw new RepositoryError('foreign', path, cause)
    throw cause
  }
}

async function whereItIs(regions: Regions, path: string): Promise<string[]> {
  const found = await Promise.all(
    regions.stores.map(async (store) => {
      try {
        return (await store.head(path)) === null ? null : store.region
      } catch {
        // A region that does not answer is written to like the others, which tells of its failure.
        return null
      }
    }),
  )
  return found.filter((region) => region !== null)
}
