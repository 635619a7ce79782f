import { otherStores, placeStores } from './places.ts'
import { register, type Store } from './store.ts'
import { tableStores } from './tables.ts'

/** Every store of the product; a program with one that lacks a descriptor does not start. Policy 2.2-0, 6.1-0. */
export const stores: readonly Store[] = register([...tableStores, ...placeStores, ...otherStores])
