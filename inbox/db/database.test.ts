import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { testDatabase } from '#database'
import { openDatabase } from './database.ts'

test('a connection lost in the middle of a transaction fails that transaction and nothing else', async () => {
  const database = await testDatabase()
  const told = Promise.withResolvers<Error>()
  const db = openDatabase(database.url, told.resolve)
  const other = openDatabase(database.url, () => {})
  try {
    const lost = db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other)
      // Nothing is asked of the connection while it breaks, as when a transaction waits for something else.
      await told.promise
      await sql`select 1`.execute(tx)
    })
    await assert.rejects(lost)
    assert.match((await told.promise).message, /terminat/i)
    assert.equal((await sql<{ one: number }>`select 1 as one`.execute(db)).rows[0]?.one, 1)
  } finally {
    await db.destroy()
    await other.destroy()
    await database.drop()
  }
})
