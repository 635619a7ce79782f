import { createHmac, type KeyObject } from 'node:crypto'
import { openHashPool, type HashPool } from './hash-pool.ts'
import { normalisePassword } from './password-rule.ts'
import type { Peppers } from './pepper.ts'

/** A password as an account's row holds it. */
export interface StoredPassword {
  readonly password_hash: string
  readonly pepper_version: number
}

/** Makes and compares password hashes; both take as long as the cost says, whatever the answer. */
export interface PasswordHasher {
  /** A bcrypt hash with its own random salt, `$2b$<cost>$…`, under the newest pepper. Policy 3.3-b. */
  hash(password: string, cost: number): Promise<StoredPassword>
  /**
   * Whether the password made `stored`. Without a stored hash, or with one of a lower cost, the missing work is done
   * on hashes that nothing matches, so that the time tells nothing about the account. `network` is whom the work is
   * for: networks take turns. Throws `request.too-many` or `access.busy` when the line is full.
   */
  verify(password: string, stored: StoredPassword | null, cost: number, network?: string): Promise<boolean>
  /** Throws what `verify` would throw for a full line, before anything is spent on a request of this network. */
  requireRoom(network: string): void
  /** Whether a hash is of a lower cost, or of an older pepper, than a new one would be. */
  isOld(stored: StoredPassword, cost: number): boolean
  /** The newest pepper. */
  readonly pepperVersion: number
  /** The peppers at hand, oldest first. */
  pepperVersions(): readonly number[]
  /** Makes the next pepper and tells its version. */
  rotatePepper(): Promise<number>
  close(): Promise<void>
}

/** The cost in a bcrypt hash. */
export function hashCost(hash: string): number {
  return Number(/^\$2b\$(\d\d)\$/.exec(hash)?.[1] ?? Number.NaN)
}

/** A well-formed hash of this cost that was never computed from anything: the password of whoever has none. */
export function unmatchable(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'Surety'.repeat(5)}.`
}

/** 2^cost rounds are 2^low + 2^low + 2^(low+1) + … + 2^(cost-1). */
function paddingCosts(low: number, cost: number): number[] {
  return Array.from({ length: Math.max(0, cost - low) }, (_, step) => low + step)
}

/** base64(HMAC-SHA-384) is 64 characters: below bcrypt's 72-byte cut, without a zero byte, whatever the length. */
function prepared(password: string, pepper: KeyObject): string {
  return createHmac('sha384', pepper).update(normalisePassword(password), 'utf8').digest('base64')
}

/** Opens the hasher over worker threads. */
export function openPasswordHasher(peppers: Peppers, pool: HashPool = openHashPool()): PasswordHasher {
  return {
    get pepperVersion() {
      return peppers.newest().version
    },
    hash: async (password, cost) => {
      const { version, key } = peppers.newest()
      const { hash } = await pool.run({ input: prepared(password, key), cost })
      return { password_hash: hash, pepper_version: version }
    },
    verify: async (password, stored, cost, network = '') => {
      const pepper = stored === null ? undefined : peppers.find(stored.pepper_version)
      // Without its pepper nothing matches a hash; the check of clause 3.3-b counts such rows.
      const first = stored === null || pepper === undefined ? unmatchable(cost) : stored.password_hash
      const padding = paddingCosts(hashCost(first), cost).map(unmatchable)
      const input = prepared(password, (pepper ?? peppers.newest()).key)
      return (await pool.run({ input, cost, stored: [first, ...padding] }, network)).matches
    },
    requireRoom: (network) => pool.requireRoom(network),
    isOld: ({ password_hash, pepper_version }, cost) =>
      hashCost(password_hash) < cost || pepper_version < peppers.newest().version,
    pepperVersions: () => peppers.versions(),
    rotatePepper: async () => (await peppers.rotate()).version,
    close: () => pool.close(),
  }
}
