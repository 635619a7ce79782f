import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openDatabase } from '../../db/index.ts'
import { contextOf, testAccess, testPeppers } from '../access.fixture.ts'
import { openAccess } from '../access.ts'
import { openHashPool } from '../passwords/hash-pool.ts'
import { openPasswordHasher } from '../passwords/password-hasher.ts'

suite('a flood of sign-ins', () => {
  test('policy 3.3-d: while the line for hashing is full, a refusal costs no statement, no event and no hash', async () => {
    const it = await testAccess()
    const statements: string[] = []
    const db = openDatabase(it.url, () => {}, { onStatement: (text) => statements.push(text) })
    const pool = openHashPool({ workersMax: 1, queueMax: 2 })
    const hasher = openPasswordHasher(testPeppers(), pool)
    const access = openAccess({ ...it, db, hasher, log: it.log })
    const slow = { input: 'x', cost: 12, stored: [`$2b$12$${'.'.repeat(53)}`] }
    try {
      const before = await it.db.selectFrom('audit_event').select('id').execute()
      const held = ['one', 'two', 'three'].map((network) => pool.run(slow, network))
      statements.length = 0
      for (const email of ['nobody@sample.example', 'nobody-else@sample.example']) {
        const offered = { email, password: 'Wrong-pass-2026', device: null }
        await assert.rejects(access.signIn.password(contextOf(), offered), { code: 'access.busy' })
      }
      assert.deepEqual(statements, [])
      await Promise.all(held)
      const offered = { email: 'nobody@sample.example', password: 'Wrong-pass-2026', device: null }
      await assert.rejects(access.signIn.password(contextOf(), offered), { code: 'access.refused' })
      const after = await it.db.selectFrom('audit_event').select('id').execute()
      assert.equal(after.length - before.length, 1, 'only what was verified is recorded')
    } finally {
      await access.close()
      await hasher.close()
      await db.destroy()
      await it.close()
    }
  })
})
