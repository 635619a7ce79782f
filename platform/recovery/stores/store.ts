import type { ObjectStore } from '#backup'

/** Where a store is and what it can prove of itself. */
export interface StorePlace {
  readonly kind: 'folder' | 's3'
  /** ISO 3166 code of the country; null when nobody said it. */
  readonly country: string | null
  /** What a reader is told, without any secret: the folder, or the bucket and its endpoint. */
  readonly address: string
  /** Two stores with the same one lie in one region, whatever they are called: the folder, or the service with its region. */
  readonly location: string
  /** It only stands in for a place far away: a folder of this machine. */
  readonly standIn: boolean
}

/** Why a store cannot be used: it does not answer at the moment, or it never can as it is set up. */
export interface StoreFault {
  readonly kind: 'away' | 'unfit'
  /** In a plain sentence, without any secret. */
  readonly says: string
}

/** A store of backups in one region, with what retention, holds and residency ask of it. */
export interface BackupStore extends ObjectStore {
  readonly place: StorePlace
  /** Keeps an object from removal whatever its age, or lets it go again; throws `missing`. Policy 6.1-e. */
  hold(path: string, held: boolean): Promise<void>
  /** Whether an object is kept from removal so; false for one that is not there. */
  held(path: string): Promise<boolean>
  /** Tries to remove one, past every look of ours at its lock, and tells whether the store itself refused. */
  refusesRemoval(path: string): Promise<boolean>
  /** Asks the store whether it is there and what it says of itself: why it cannot be used, or nothing. */
  faults(): Promise<readonly StoreFault[]>
  close(): Promise<void>
}
