import type { Epochs } from './epochs.ts'
import { RepositoryError, type SealedObject } from './model.ts'
import {
  describeObject,
  epochOf,
  openObject,
  requireDescribed,
  sealObject,
  type EpochSecret,
} from './object-format.ts'
import { requirePath } from './paths.ts'
import type { Reader } from './reader.ts'
import type { Regions } from './regions.ts'
import type { RepositoryOptions, StoredObject } from './repository-model.ts'

/** Seals what goes in and opens what comes out. */
export interface Objects {
  put(path: string, plain: Uint8Array, retainUntil: Date): Promise<StoredObject & { readonly epoch: string }>
  /** Like `put`, but accepts one that is there already under an epoch of ours, and copies it to where it is not. */
  putOnce(path: string, plain: Uint8Array, retainUntil: Date): Promise<StoredObject>
  get(
    path: string,
    options?: { readonly region?: string | undefined; readonly expected?: SealedObject },
  ): Promise<Buffer>
}

/** Objects of a repository over its regions. */
export function openObjects(
  options: RepositoryOptions,
  regions: Regions,
  reader: Reader,
  epochs: Epochs,
): Objects {
  const { system } = options
  const put: Objects['put'] = async (path, plain, retainUntil) => {
    requirePath(system, path)
    const epoch = await epochs.current()
    const stored = await sealObject(epoch, system, path, plain)
    const receipt = await regions.put(path, stored, retainUntil)
    const object = describeObject(path, plain.length, stored)
    return { object, regions: [...receipt.regions], epoch: epoch.id }
  }
  const get: Objects['get'] = async (path, { region, expected } = {}) => {
    requirePath(system, path)
    const stored = await reader.get(path, region)
    if (expected !== undefined) requireDescribed(expected, stored)
    const plain = await openObject(await epochFor(epochs, path, stored), system, path, stored)
    if (expected !== undefined && plain.length !== expected.plainBytes)
      throw new RepositoryError('damaged', path)
    return plain
  }
  return {
    put,
    get,
    putOnce: async (path, plain, retainUntil) => {
      requirePath(system, path)
      const there = await whereItIs(regions, path)
      if (there.length === 0) return put(path, plain, retainUntil)
      const stored = await reader.get(path, there[0])
      // Its epoch is one that this system signed; whether it opens is for those to see who hold the key.
      await epochs.note(epochOf(path, stored))
      const receipt = { path, regions: new Set(there), answered: Promise.resolve() }
      for (const store of regions.stores)
        if (!there.includes(store.region) && (await regions.complete(store.region, [receipt])))
          receipt.regions.add(store.region)
      return { object: describeObject(path, plain.length, stored), regions: [...receipt.regions] }
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
