import type { KeyObject } from 'node:crypto'
import {
  describeWrappedKey,
  EnvelopeError,
  generateDataKey,
  keyFingerprint,
  unwrapKey,
  wrapKey,
  type KeyLabel,
} from '#envelope'
import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import type { KeyRoot, RootHealth } from './root.ts'

/** One version of a root key that this process holds itself. */
export interface LocalVersion {
  readonly key: KeyObject
  readonly since: Date
}

/** Where the versions of a local root key last. */
export interface LocalStore {
  /** Oldest first; the last one wraps. */
  readonly versions: readonly LocalVersion[]
  /** Whether they are sealed there under a passphrase that is kept elsewhere. */
  readonly sealed: boolean
  /** Keeps one more version before anything is wrapped with it. */
  add(version: LocalVersion): Promise<void>
}

/** A root key of this process over where its versions last; throws when there is none. */
export function localRootOver(store: LocalStore, clock: Clock): KeyRoot {
  const versions = [...store.versions]
  const newest = (): LocalVersion => {
    const last = versions.at(-1)
    if (last === undefined) throw new Error('a local root has no version')
    return last
  }
  const id = keyFingerprint(newest().key).slice(0, 16)
  const open = (label: KeyLabel, wrapped: Uint8Array): KeyObject =>
    refusing(() => {
      const { rootFingerprint } = describeWrappedKey(wrapped)
      const version = versions.find(({ key }) => keyFingerprint(key) === rootFingerprint)
      if (version === undefined) throw new EnvelopeError('wrong-key')
      return unwrapKey(version.key, label, wrapped)
    })
  return {
    provider: 'local-file',
    id,
    get fingerprint() {
      return keyFingerprint(newest().key)
    },
    opens: (fingerprint) => versions.some(({ key }) => keyFingerprint(key) === fingerprint),
    wrap: async (label, key) => wrapKey(newest().key, label, key),
    unwrap: async (label, wrapped) => open(label, wrapped),
    rewrap: async (keys) =>
      keys.map(({ label, wrapped }) => wrapKey(newest().key, label, open(label, wrapped))),
    health: async () => localHealth(newest(), versions.length, store.sealed),
    rotate: async () => {
      const made = { key: generateDataKey(), since: clock.now() }
      await store.add(made)
      versions.push(made)
    },
    close: async () => {},
  }
}

function localHealth({ since }: LocalVersion, versions: number, sealed: boolean): RootHealth {
  return {
    state: 'enabled',
    problem: null,
    notes: [
      sealed
        ? 'It is a local file, sealed under a passphrase; this process holds it in memory.'
        : 'It is a local file that nothing seals; whoever can read the key folder has it.',
    ],
    // Whoever runs this process could read it.
    exportable: true,
    rotatedAt: since,
    versions,
    policyHash: null,
    audited: null,
    millis: 0,
  }
}

/** A root key that is held in memory and nowhere else, as tests and probes need it; `rotate` lasts as long as this object. */
export function localRoot(key: KeyObject, since: Date = new Date(0)): KeyRoot {
  const store = { versions: [{ key, since }], sealed: false, add: async () => {} }
  return localRootOver(store, { now: () => since })
}

/** Runs `open`, turning a refusal of the engine into the one that callers know. */
export function refusing<Result>(open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    throw new Problem('encryption.unreadable', 'The stored data could not be authenticated.', {
      cause: error,
    })
  }
}
