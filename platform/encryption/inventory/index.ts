/** The inventory of stores: what each holds, how it is encrypted and how it comes back, compared with what is there. */
import type { Control } from '../../kernel/control.ts'
import { canaryInBytes } from './canary-control.ts'
import { disksAreEncrypted } from './disk-control.ts'
import type { InventorySystem } from './observed-system.ts'
import { storesBackedUp, storesKnown } from './stores-control.ts'

/** The controls of clauses 2.2-0, 2.2-c and 6.1-0. */
export const inventoryControls: readonly Control<InventorySystem>[] = [
  storesKnown,
  canaryInBytes,
  storesBackedUp,
  disksAreEncrypted,
]
export { openInventorySystem, type InventoryParts } from './open-system.ts'
export { canaryWords, tracesOf } from './raw-search.ts'
export { databaseAgeNotes } from './database-age.ts'
export { inventoryRoutes } from './routes.ts'
export { stores } from './inventory.ts'
export type { Store } from './store.ts'
