import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { testDatabase } from '#database'
import { openDatabase } from './database.ts'
import { keptPlan } from './kept-plan.ts'

test('a marked statement is prepared once on each connection, and every other one is not', async () => {
  const database = await testDatabase()
  const db = openDatabase(database.url, () => {}, { connectionsMax: 1 })
  try {
    for (const n of [1, 2, 3]) {
      const { rows } = await sql<{ n: number }>`select ${n}::int as n ${keptPlan}`.execute(db)
      assert.equal(rows[0]?.n, n)
    }
    const kept = await sql<{ name: string }>`select name from pg_prepared_statements`.execute(db)
    assert.equal(kept.rows.length, 1)
    const within = await db
      .transaction()
      .execute((tx) => sql<{ n: number }>`select ${7}::int as n ${keptPlan}`.execute(tx))
    assert.equal(within.rows[0]?.n, 7)
  } finally {
    await db.destroy()
    await database.drop()
  }
})
