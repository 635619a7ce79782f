import { Problem } from '../../kernel/problem.ts'
import { describeWrapped } from './kept-key.ts'
import { refusing } from './local-root.ts'
import type { KeyRoot, WrappedKey } from './root.ts'

/** The root key that wraps, together with former ones that still open what they wrapped. */
export interface RootSet extends KeyRoot {
  /** Former ones. */
  readonly former: readonly KeyRoot[]
  /** Makes `next` the one that wraps; the one before it still opens. */
  moveTo(next: KeyRoot): void
}

/** Makes a set of one root key that wraps and some that only open. */
export function rootSet(current: KeyRoot, former: readonly KeyRoot[]): RootSet {
  let [wraps, opening] = [current, [...former]]
  const rootOf = (wrapped: Uint8Array): KeyRoot => {
    const { rootFingerprint } = refusing(() => describeWrapped(wrapped))
    const root = [wraps, ...opening].find((one) => one.opens(rootFingerprint))
    if (root === undefined)
      throw new Problem(
        'encryption.root-disabled',
        `Keys are wrapped under the root key ${rootFingerprint.slice(0, 16)}, which no setting names (KEY_ROOT, KEY_ROOT_BEFORE).`,
      )
    return root
  }
  return {
    get provider() {
      return wraps.provider
    },
    get id() {
      return wraps.id
    },
    get fingerprint() {
      return wraps.fingerprint
    },
    get former() {
      return opening
    },
    opens: (fingerprint) => [wraps, ...opening].some((one) => one.opens(fingerprint)),
    wrap: (label, key) => wraps.wrap(label, key),
    unwrap: async (label, wrapped) => rootOf(wrapped).unwrap(label, wrapped),
    rewrap: (keys) => rewrapped(wraps, rootOf, keys),
    health: () => wraps.health(),
    rotate: () => wraps.rotate(),
    moveTo: (next) => {
      if (next.fingerprint === wraps.fingerprint)
        throw new Problem('resource.conflict', 'This is the root key that wraps already.')
      opening = [wraps, ...opening.filter((one) => one.fingerprint !== next.fingerprint)]
      wraps = next
    },
    close: async () => {
      for (const one of [wraps, ...opening]) await one.close()
    },
  }
}

/** Inside of their keeper where they stay there, over this process where they move from one to another. */
async function rewrapped(
  wraps: KeyRoot,
  rootOf: (wrapped: Uint8Array) => KeyRoot,
  keys: readonly WrappedKey[],
): Promise<readonly Buffer[]> {
  const staying = keys.filter(({ wrapped }) => rootOf(wrapped) === wraps)
  const stayed = await wraps.rewrap(staying)
  const done = new Map(staying.map((key, index) => [key, stayed[index]]))
  const all: Buffer[] = []
  for (const key of keys) {
    const { label, wrapped } = key
    all.push(done.get(key) ?? (await wraps.wrap(label, await rootOf(wrapped).unwrap(label, wrapped))))
  }
  return all
}
