import { createHmac, type KeyObject } from 'node:crypto'
import { normalisePassword } from './password-rule.ts'
import { openHashPool, type HashPool } from './hash-pool.ts'

/** The secret mixed into every password before hashing; it lies in the key folder, never in the database. */
export interface Pepper {
  readonly version: number
  readonly key: KeyObject
}

/** Makes and compares password hashes; both take as long as the cost says, whatever the answer. */
export interface PasswordHasher {
  readonly pepperVersion: number
  /** A bcrypt hash with its own random salt, `$2b$<cost>$…`. Policy 3.3-b. */
  hash(password: string, cost: number): Promise<string>
  /**
   * Whether the password made `stored`. Without a stored hash, or with one of a lower cost, the missing work is done
   * on hashes that nothing matches, so that the time tells nothing about the account.
   */
  verify(password: string, stored: string | null, cost: number): Promise<boolean>
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

/** Opens the hasher over worker threads. */
export function openPasswordHasher(pepper: Pepper, pool: HashPool = openHashPool()): PasswordHasher {
  // base64(HMAC-SHA-384) is 64 characters: below bcrypt's 72-byte cut, without a zero byte, whatever the length.
  const prepared = (password: string): string =>
    createHmac('sha384', pepper.key).update(normalisePassword(password), 'utf8').digest('base64')
  return {
    pepperVersion: pepper.version,
    hash: async (password, cost) => (await pool.run({ input: prepared(password), cost })).hash,
    verify: async (password, stored, cost) => {
      const first = stored ?? unmatchable(cost)
      const padding = paddingCosts(hashCost(first), cost).map(unmatchable)
      return (await pool.run({ input: prepared(password), cost, stored: [first, ...padding] })).matches
    },
    close: () => pool.close(),
  }
}
