import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { BACKUP_USER, ensureBackupUser, testDatabase } from './index.ts'

test('the user of backups may replicate and switch the log, and reads no table', async () => {
  const database = await testDatabase()
  try {
    await ensureBackupUser(database.url, 'first')
    const url = await ensureBackupUser(database.url, 'p@ss word/1')
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const { rows } = await client.query('select * from pg_roles where rolname = $1', [BACKUP_USER])
      const { rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls } = rows[0]
      assert.deepEqual(
        [rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls],
        [false, false, false, true, false],
      )
      const may = await client.query("select has_function_privilege('pg_switch_wal()', 'execute') as may")
      assert.equal(may.rows[0].may, true)
      await assert.rejects(client.query('select * from surety.account'), /permission denied/)
      await assert.rejects(client.query("select pg_read_file('PG_VERSION')"), /permission denied/)
    } finally {
      await client.end()
    }
  } finally {
    await database.drop()
  }
})
