import { RepositoryError, type ObjectStore } from './model.ts'

/** A store in memory whose objects a test can also change behind its back. */
export interface MemoryStore extends ObjectStore {
  readonly objects: Map<string, { bytes: Buffer; storedAt: Date; retainUntil: Date | null }>
  /** While set, every call fails as a store that cannot be reached. */
  down: boolean
}

/** Makes an empty store for a region; it keeps its promise about early removal by the clock given. */
export function memoryStore(region: string, clock: { now(): Date }): MemoryStore {
  const objects: MemoryStore['objects'] = new Map()
  const requireUp = (path: string): void => {
    if (store.down) throw new RepositoryError('unreachable', path)
  }
  const store: MemoryStore = {
    region,
    lock: 'promised',
    objects,
    down: false,
    put: async (path, bytes, { retainUntil }) => {
      requireUp(path)
      const known = objects.get(path)
      if (known !== undefined && !known.bytes.equals(bytes)) throw new RepositoryError('exists', path)
      if (known === undefined)
        objects.set(path, { bytes: Buffer.from(bytes), storedAt: clock.now(), retainUntil })
    },
    get: async (path) => {
      requireUp(path)
      const known = objects.get(path)
      if (known === undefined) throw new RepositoryError('missing', path)
      return Buffer.from(known.bytes)
    },
    head: async (path) => {
      requireUp(path)
      const known = objects.get(path)
      if (known === undefined) return null
      return { path, bytes: known.bytes.length, storedAt: known.storedAt, retainUntil: known.retainUntil }
    },
    list: async function* list(prefix) {
      requireUp(prefix)
      for (const [path, { bytes, storedAt, retainUntil }] of objects)
        if (path.startsWith(prefix)) yield { path, bytes: bytes.length, storedAt, retainUntil }
    },
    remove: async (path) => {
      requireUp(path)
      const retainUntil = objects.get(path)?.retainUntil ?? null
      if (retainUntil !== null && retainUntil > clock.now()) throw new RepositoryError('locked', path)
      objects.delete(path)
    },
  }
  return store
}
