import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openDatabase, type Database } from '../../db/index.ts'
import { PROVIDER } from '../../encryption/index.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { contextOf, GOOD_PASSWORD, testAccess, testPeppers, type TestAccess } from '../access.fixture.ts'
import { openAccess, type Access } from '../access.ts'
import { prepareAccount } from '../accounts/accounts.ts'
import { insertAccount } from '../accounts/queries.ts'
import { bcryptCost } from '../parameters.ts'
import { openHashPool, type HashPool } from '../passwords/hash-pool.ts'
import {
  hashCost,
  openPasswordHasher,
  unmatchable,
  type PasswordHasher,
} from '../passwords/password-hasher.ts'

const SAMPLES = 200
const COST = 5

/** What one refusal cost, in measures that do not depend on the machine. */
interface Seen {
  readonly answer: string
  readonly statements: string
  /** Rounds of bcrypt, of all hashes together. */
  readonly rounds: number
}

/** The largest distance between two distributions (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const share = (values: readonly number[], upTo: number): number =>
    values.filter((value) => value <= upTo).length / values.length
  return Math.max(...[...a, ...b].map((value) => Math.abs(share(a, value) - share(b, value))))
}

suite('refusals that tell nothing', () => {
  let it: TestAccess
  let watched: Database
  let access: Access
  let statements: string[] = []
  let rounds = 0
  let hasher: PasswordHasher

  before(async () => {
    it = await testAccess({ 'password.bcrypt-cost': COST, 'lockout.failures': 10 })
    watched = openDatabase(it.url, () => {}, { onStatement: (text) => statements.push(text) })
    const pool = openHashPool()
    const counting: HashPool = {
      ...pool,
      run: (work, network) => {
        rounds += (work.stored ?? []).reduce((sum, stored) => sum + 2 ** hashCost(stored), 0)
        return pool.run(work, network)
      },
      requireRoom: (network) => pool.requireRoom(network),
      close: () => pool.close(),
    }
    hasher = openPasswordHasher(testPeppers(), counting)
    access = openAccess({ ...it, db: watched, hasher, log: it.log })
  })
  after(async () => {
    await access.close()
    await watched.destroy()
    await it.close()
  })

  const account = async (name: string, more: object = {}, cost = COST) => {
    const policy = policyWith({ [bcryptCost.name]: cost })
    const made = await prepareAccount(
      { ...it, hasher, policy },
      { email: `${name}@sample.example`, name, password: GOOD_PASSWORD },
    )
    await insertAccount(it.db, { ...made, ...more })
  }
  const refusedWith = async (email: string, password: string): Promise<Seen> => {
    it.clock.advanceSeconds(3)
    await access.passwords.settled()
    statements = []
    rounds = 0
    const error: unknown = await access.signIn
      .password(contextOf(), { email, password, device: null })
      .catch((thrown: unknown) => thrown)
    const seen = statements.join('\n')
    assert.ok(error instanceof Problem)
    return {
      answer: JSON.stringify([error.code, error.detail, error.retryAfterSeconds]),
      statements: seen,
      rounds,
    }
  }

  test('the distance of two distributions is found', () => {
    assert.equal(distance([1, 1, 2], [1, 1, 2]), 0)
    assert.equal(distance([1, 1, 1], [2, 2, 2]), 1)
  })

  test('policy 3.3-d: unknown, wrong, locked, locking, disabled, without a password and cheaply hashed take the same work and answer, 200 times each', async () => {
    const far = new Date(it.clock.now().getTime() + 86_400_000)
    await account('wrong')
    await account('locked', { password_locked_until: far })
    await account('locking')
    await account('disabled', { disabled_at: it.clock.now() })
    await account('without', { password_hash: unmatchable(COST) })
    await account('cheap', {}, 4)
    const classes: Record<string, Seen[]> = {}
    for (let at = 0; at < SAMPLES; at += 1) {
      // The counters of those that are not meant to be locked stay in front of the lock, or one before it.
      await it.db
        .updateTable('account')
        .set({ password_failures: 0, password_locks: 0, password_locked_until: null })
        .where('password_locked_until', 'is distinct from', far)
        .execute()
      const locking = await it.keys.lookUp(PROVIDER, 'account.email', 'locking@sample.example')
      await it.db
        .updateTable('account')
        .set({ password_failures: 9 })
        .where('email_index', 'in', locking)
        .execute()
      for (const name of ['unknown', 'wrong', 'locked', 'locking', 'disabled', 'without', 'cheap']) {
        const right = name === 'locked' || name === 'disabled'
        const seen = await refusedWith(`${name}@sample.example`, right ? GOOD_PASSWORD : 'Wrong-pass-2026')
        classes[name] = [...(classes[name] ?? []), seen]
      }
    }
    const measures = (name: string, of: (seen: Seen) => number): number[] => (classes[name] ?? []).map(of)
    const kinds = new Set(Object.values(classes).flatMap((all) => all.map(({ statements: text }) => text)))
    assert.equal(new Set(Object.values(classes).flatMap((all) => all.map(({ answer }) => answer))).size, 1)
    assert.equal(kinds.size, 1, [...kinds].join('\n---\n'))
    for (const name of Object.keys(classes)) {
      assert.equal(classes[name]?.length, SAMPLES)
      for (const measure of [(seen: Seen) => seen.rounds, (seen: Seen) => seen.statements.length])
        assert.equal(distance(measures('unknown', measure), measures(name, measure)), 0, name)
    }
  })
})
