import type { ObjectStore, SecretOpener } from '#backup'
import { reachableCopies, restoreKeyring, type Keyring } from '../../encryption/index.ts'
import { Problem } from '../../kernel/problem.ts'

/** Where copies of a keyring are read from. */
export interface CopySource {
  readonly stores: readonly ObjectStore[]
  /** Null where no recovery identity is. */
  readonly opener: SecretOpener | null
  readonly system: string
}

/**
 * Fills an empty keyring from its newest copy that opens, in whichever region that is: without one no sealed field of the
 * restored rows can be opened. Null when the keyring holds keys, or there is no copy. Throws what was wrong with the newest
 * copy when none opens. Policy 6.2-0.
 */
export async function fillKeyring(
  { stores, opener, system }: CopySource,
  keyring: Keyring,
): Promise<string | null> {
  if (opener === null) return null
  const refusals: unknown[] = []
  for (const { region, path, at } of (await reachableCopies({ stores: () => stores, system })).toReversed()) {
    const store = stores.find((one) => one.region === region)
    if (store === undefined) throw new Error('a copy of the keyring lies in no store')
    try {
      const plain = await opener.open(await store.get(path), path)
      try {
        await restoreKeyring(keyring, plain.toString('utf8'), at)
        return path
      } finally {
        plain.fill(0)
      }
    } catch (error) {
      // It holds keys: those of the system as it is, which are newer than any copy.
      if (error instanceof Problem && error.code === 'recovery.not-empty') return null
      refusals.push(error)
    }
  }
  if (refusals.length > 0) throw refusals[0]
  return null
}
