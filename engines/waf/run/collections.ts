import type { Bytes } from '../model.ts'

/** A value that outlives a transaction. */
export interface StoredValue {
  readonly value: Bytes
  /** Milliseconds since 1970 from which it is gone; null when it stays as long as its collection. */
  readonly expires: number | null
  /** When it was last put there. */
  readonly changed: number
}

/** One collection such as `IP` of one address; names in lower case. Shared by every transaction that opened it. */
export interface StoredCollection {
  readonly created: number
  readonly isNew: boolean
  readonly members: Map<Bytes, StoredValue>
}

/** Where collections that outlive a transaction are kept. */
export interface CollectionStore {
  /** Opens a collection or begins it; it is forgotten when nobody opened it for this long. */
  open(collection: string, key: Bytes, now: number, seconds: number): StoredCollection
}

interface Kept {
  readonly created: number
  readonly members: Map<Bytes, StoredValue>
  until: number
}

/** Keeps collections in this process; of more than `collectionsMax` the one unused longest is forgotten. */
export function createCollectionStore(collectionsMax = 100_000): CollectionStore {
  const kept = new Map<string, Kept>()
  return {
    open(collection, key, now, seconds) {
      const place = `${collection}\n${key}`
      const before = kept.get(place)
      const current = before !== undefined && before.until > now ? before : null
      const stored = current ?? { created: now, members: new Map(), until: 0 }
      stored.until = now + seconds * 1000
      kept.delete(place)
      kept.set(place, stored)
      for (const oldest of kept.keys()) {
        if (kept.size <= collectionsMax) break
        kept.delete(oldest)
      }
      return { created: stored.created, isNew: current === null, members: stored.members }
    },
  }
}

/** A stored value that has not expired; null otherwise. */
export function readStored(collection: StoredCollection, name: Bytes, now: number): Bytes | null {
  const stored = collection.members.get(name)
  if (stored === undefined) return null
  if (stored.expires === null || stored.expires > now) return stored.value
  collection.members.delete(name)
  return null
}
