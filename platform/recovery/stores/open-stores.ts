import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../kernel/clock.ts'
import { openFolderStore } from './folder-store.ts'
import { residencyFault, type Residency } from './residency.ts'
import { openS3Store } from './s3-store.ts'
import { readStoreAddresses, standInFolders, type StoreAddress } from './store-address.ts'
import type { BackupStore } from './store.ts'

/** How long a start waits for what a store says of itself (milliseconds); the checks ask again. */
const START_MS_MAX = 10_000

/** The settings that say where backups lie. */
export interface StoreSettings {
  readonly SURETY_BACKUPS: string
  readonly BACKUP_STORES: string
  readonly BACKUP_RESIDENCY: Residency
  readonly SURETY_VAR: string
}

/** Stores that cannot be used as they are set, with every reason. */
export class StoresError extends Error {
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    super(reasons.join('; '))
    this.name = 'StoresError'
    this.reasons = reasons
  }
}

/** The stores that the settings name, before any of them is touched; throws `StoresError`. */
export function storesNamed(settings: StoreSettings): readonly StoreAddress[] {
  const read = readStoreAddresses(settings.BACKUP_STORES)
  if (!read.ok) throw new StoresError(read.reasons.map((reason) => `BACKUP_STORES: ${reason}`))
  const stores = read.stores.length === 0 ? standInFolders(settings.SURETY_BACKUPS) : read.stores
  const reasons = [
    ...aloneFaults(stores),
    ...insideFaults(stores, settings.SURETY_VAR),
    ...stores.map((one) => residencyFault(settings.BACKUP_RESIDENCY, one)).filter((one) => one !== null),
  ]
  if (reasons.length > 0) throw new StoresError(reasons)
  return stores
}

/** Policy 6.1-c. */
function aloneFaults(stores: readonly StoreAddress[]): string[] {
  const regions = new Set(stores.map(({ region }) => region))
  const places = new Set(stores.map(placeOf))
  return [
    ...(regions.size < 2 ? ['backups lie in at least two regions'] : []),
    ...(regions.size < stores.length ? ['two stores have the same region'] : []),
    ...(places.size < stores.length ? ['two regions are the same place'] : []),
  ]
}

function placeOf(store: StoreAddress): string {
  return store.kind === 'folder'
    ? resolve(store.folder)
    : `${store.endpoint?.host ?? store.awsRegion} ${store.bucket}`
}

/** A disk that is lost with the data takes no backups with it. */
function insideFaults(stores: readonly StoreAddress[], varFolder: string): string[] {
  const folders = stores.flatMap((one) => (one.kind === 'folder' ? [resolve(one.folder)] : []))
  const lost = (folder: string): boolean =>
    `${folder}/`.startsWith(`${resolve(varFolder)}/`) || `${resolve(varFolder)}/`.startsWith(`${folder}/`)
  return folders.some(lost) ? ['backups lie outside of SURETY_VAR'] : []
}

/**
 * Opens every store, at least two in different regions; throws `StoresError` when one can never be used as it is set up.
 * One that is merely away is opened: backups go to the others, and it catches up.
 */
export async function openStores(settings: StoreSettings, clock: Clock): Promise<readonly BackupStore[]> {
  const stores = await Promise.all(storesNamed(settings).map((one) => openStore(one, clock)))
  const waited = new AbortController()
  const late = pause(START_MS_MAX, [], { signal: waited.signal, ref: false }).catch(() => [])
  const faults = (await Promise.all(stores.map((one) => Promise.race([one.faults(), late])))).flat()
  waited.abort()
  const unfit = faults.filter(({ kind }) => kind === 'unfit')
  if (unfit.length === 0) return stores
  await Promise.all(stores.map((one) => one.close()))
  throw new StoresError(unfit.map(({ says }) => says))
}

async function openStore(address: StoreAddress, clock: Clock): Promise<BackupStore> {
  return address.kind === 'folder'
    ? openFolderStore({ ...address, clock })
    : openS3Store({ ...address, clock })
}
