/** What a store holds, the most protected of it. */
export type Holds = 'personal' | 'secret' | 'operational' | 'public'

/**
 * How what it holds is encrypted where it rests: `sealed` under the key of a tenant, `wrapped` under a key that is kept
 * elsewhere, `keys` (what opens everything else, closed to other users and never beside the data), `disk` when only the disk
 * below can do it, `memory` when it never reaches a disk, `public` when everybody may read it.
 */
export type Encryption = 'sealed' | 'wrapped' | 'keys' | 'disk' | 'memory' | 'public'

/** How a store comes back after a disaster. */
export type Tier =
  /** Full every day, incremental every hour and the log continuously. */
  | 'critical'
  /** With every backup, and when it changed. */
  | 'standard'
  /** Apart from the data, so that a destroyed key is gone from every backup soon. */
  | 'apart'
  /** Made anew by the program. */
  | 'rebuilt'
  | 'not kept'

/** A place where the product keeps anything: a table, a folder, a file, a cache. */
export interface Store {
  readonly kind: 'table' | 'queue' | 'folder' | 'file' | 'log' | 'cache' | 'temporary'
  /** `schema.table`, or the place with the path in it. */
  readonly name: string
  readonly says: string
  readonly holds: Holds
  readonly encryption: Encryption
  readonly backup: { readonly tier: Tier; readonly because: string }
}

/** What a store lacks to be registered; without an encryption descriptor and a backup policy none is. Policy 2.2-0, 6.1-0. */
export function storeFaults(one: { readonly [Part in keyof Store]?: Store[Part] | undefined }): string[] {
  const name = one.name ?? 'a store without a name'
  const guarded = one.holds === 'personal' || one.holds === 'secret'
  const open = one.encryption === 'public' || one.encryption === 'disk'
  return [
    ...(one.encryption === undefined ? [`${name} has no encryption descriptor`] : []),
    ...(one.holds === undefined ? [`${name} does not say what it holds`] : []),
    ...(one.backup === undefined || one.backup.because.trim() === '' ? [`${name} has no backup policy`] : []),
    ...(guarded && open ? [`${name} holds ${one.holds} data that nothing but the disk encrypts`] : []),
    ...(guarded && one.backup?.tier === 'rebuilt' ? [`${name} holds what no program can make anew`] : []),
  ]
}

/** Registers stores; throws with every fault at once. */
export function register(stores: readonly Store[]): readonly Store[] {
  const names = stores.map(({ name }) => name)
  const twice = names.filter((name, at) => names.indexOf(name) < at).map((name) => `${name} is there twice`)
  const faults = [...stores.flatMap(storeFaults), ...twice]
  if (faults.length > 0) throw new Error(`these stores cannot be registered: ${faults.join('; ')}`)
  return stores
}
