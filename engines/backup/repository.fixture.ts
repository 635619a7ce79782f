import {
  createDecipheriv,
  createCipheriv,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
} from 'node:crypto'
import { noteSigner } from '../ledger/index.ts'
import { memoryStore, type MemoryStore } from './memory-store.fixture.ts'
import { RepositoryError, type SecretOpener, type SecretWrapper } from './model.ts'
import type { Repository, RepositoryOptions } from './repository-model.ts'
import { openRepository } from './repository.ts'

/** A clock that tests move. */
export interface TestClock {
  now(): Date
  advanceSeconds(seconds: number): void
}

/** A clock that begins at `from`. */
export function testClock(from = '2026-03-01T00:00:00.000Z'): TestClock {
  let at = Date.parse(from)
  return { now: () => new Date(at), advanceSeconds: (seconds) => void (at += seconds * 1000) }
}

/** Wraps under a key of its own in place of age, whose package an engine does not import. */
export function testWrapping(): { readonly wrapper: SecretWrapper; readonly opener: SecretOpener } {
  const key = createSecretKey(randomBytes(32))
  return {
    wrapper: {
      recipients: ['test'],
      wrap: async (secret) => {
        const nonce = randomBytes(12)
        const cipher = createCipheriv('aes-256-gcm', key, nonce)
        return Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])
      },
    },
    opener: {
      open: async (wrapped, path) => {
        const bytes = Buffer.from(wrapped)
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
          decipher.setAuthTag(bytes.subarray(-16))
          return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
        } catch (cause) {
          throw new RepositoryError('no-key', path, cause)
        }
      },
    },
  }
}

/** A repository in memory with everything it can do, and what it stands on. */
export interface TestRepository {
  readonly repository: Repository
  readonly options: RepositoryOptions
  readonly clock: TestClock
  readonly a: MemoryStore
  readonly b: MemoryStore
  /** The same stores, opened by another process, with other options where given. */
  reopen(more?: Partial<RepositoryOptions>): Repository
}

const DAY = 86_400

/** Two regions, one signer, 90 days. */
export function testRepository(more: Partial<RepositoryOptions> = {}): TestRepository {
  const clock = testClock()
  const [a, b] = [memoryStore('a', clock), memoryStore('b', clock)]
  const signer = noteSigner('sample.example/backup', generateKeyPairSync('ed25519').privateKey)
  const options: RepositoryOptions = {
    system: '7300000000000000001',
    stores: [a, b],
    verifiers: [signer.verifierKey],
    signer,
    ...testWrapping(),
    fileKey: createSecretKey(randomBytes(32)),
    clock,
    retention: () => ({
      keepSeconds: 90 * DAY,
      graceSeconds: 2 * DAY,
      tailSeconds: DAY,
      filePeriodSeconds: 7 * DAY,
    }),
    ...more,
  }
  const reopen: TestRepository['reopen'] = (others = {}) => openRepository({ ...options, ...others })
  return { repository: openRepository(options), options, clock, a, b, reopen }
}

/** Writes a backup of these archives; the database's manifest is a text. */
export async function writeBackup(
  repository: Repository,
  archives: Readonly<Record<string, Buffer>>,
  more: {
    readonly parent?: string
    readonly startLsn?: string
    readonly endLsn?: string
    readonly timeline?: number
  } = {},
): Promise<Awaited<ReturnType<Awaited<ReturnType<Repository['startBackup']>>['finish']>>> {
  const { parent = null, startLsn = '0/1000028', endLsn = '0/1000100', timeline = 1 } = more
  const writer = await repository.startBackup({ kind: parent === null ? 'full' : 'incremental', parent })
  for (const [name, bytes] of Object.entries(archives)) {
    const archive = writer.archive(name)
    for (let at = 0; at < bytes.length; at += 1_000_000)
      await archive.write(bytes.subarray(at, at + 1_000_000))
    await archive.end()
  }
  const databaseManifest = Buffer.from('{"sample": true}')
  const facts = {
    driver: 'replication',
    startLsn,
    endLsn,
    timeline,
    serverVersion: 180_004,
    databaseManifest,
  }
  return writer.finish(facts)
}
