import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { findEvents } from '../audit/queries.ts'
import { asTenant, type Database } from '../db/index.ts'
import { firstPerson, invitedPerson, testAccess, type TestAccess, type TestPerson } from './access.fixture.ts'
import { insertKey, keysOf, revokeKeys } from './api-keys/queries.ts'
import { members, openInvitations } from './people/queries.ts'

const OURS = '00000000-0000-4000-8000-000000000001'

suite('policy 3.2-0: the second wall between workspaces', () => {
  let it: TestAccess
  let them: TestPerson

  before(async () => {
    it = await testAccess()
    them = await firstPerson(it)
    await invitedPerson(it, them, 'second@example.org', 'agent')
    await it.access.people.invite(await them.context(), { email: 'third@example.org', role: 'agent' })
    const wish = { workspace: them.workspace, account: them.id, label: 'sample', seconds: 3600 }
    await it.access.apiKeys.make(await them.context(), { ...wish, scopes: ['conversation.read'] })
    const workspace = { id: OURS, name: Buffer.from('ours'), created_at: it.clock.now() }
    await it.db.insertInto('workspace').values(workspace).execute()
  })
  after(() => it.close())

  const counted = async (db: Database, table: string, column = '*'): Promise<number> => {
    const what = column === '*' ? sql`*` : sql.ref(column)
    const { rows } = await sql<{ n: number }>`select count(${what}) as n from ${sql.table(table)}`.execute(db)
    return Number(rows[0]?.n)
  }

  test('with the first wall dropped, statements without a condition see their own workspace alone', async () => {
    for (const [table, column] of [
      ['membership', '*'],
      ['api_key', '*'],
      ['audit_event', '*'],
      ['role_grant', '*'],
      ['link', 'id'],
      ['account', 'id'],
      ['totp_factor', 'id'],
      ['workspace', 'id'],
    ] as const) {
      assert.ok((await counted(it.db, table)) > 0, `${table} holds rows of the other workspace`)
      const seen = await asTenant(it.db, OURS, (tx) => counted(tx, table, column))
      assert.equal(seen, table === 'workspace' ? 1 : 0, table)
    }
  })

  test('with the id of another workspace forged into the filter, every read comes back empty', async () => {
    const read = async (db: Database): Promise<number[]> =>
      (
        await Promise.all([
          members(db, them.workspace),
          openInvitations(db, them.workspace, it.clock.now()),
          keysOf(db, them.workspace),
          findEvents(db, { tenant: them.workspace, most: 10 }),
          findEvents(db, { tenant: null, most: 10 }),
        ])
      ).map((rows) => rows.length)
    assert.ok(
      (await read(it.db)).every((rows) => rows > 0),
      'without the wall they are there',
    )
    assert.deepEqual(await asTenant(it.db, OURS, read), [0, 0, 0, 0, 0])
  })

  test('with the id of another workspace forged into a write, nothing is changed', async () => {
    const [key] = await keysOf(it.db, them.workspace)
    assert.ok(key !== undefined)
    const which = { id: key.id }
    const ended = await asTenant(it.db, OURS, (tx) => revokeKeys(tx, them.workspace, which, it.clock.now()))
    assert.deepEqual(ended, [])
    assert.equal((await keysOf(it.db, them.workspace))[0]?.revoked_at, null)
    // A key for the one workspace under the role of the other one is refused with everything that came with it.
    const row = { ...key, workspace_id: them.workspace, token_hash: Buffer.alloc(32), id: OURS }
    await assert.rejects(
      asTenant(it.db, OURS, (tx) => insertKey(tx, row)),
      /row-level security/,
    )
  })

  test('behind the wall nothing opens what people sign in with, and nothing takes an event back', async () => {
    for (const statement of [
      sql`select password_hash from account`,
      sql`select token_hash from session`,
      sql`select secret from totp_factor`,
      sql`select token_hash from link`,
      sql`select * from data_key`,
      sql`select * from recovery_code`,
      sql`update webauthn_key set public_key = public_key`,
      sql`update membership set role = 'owner'`,
      sql`insert into staff select * from staff`,
      sql`delete from audit_event`,
      sql`update audit_event set outcome = 'success'`,
    ])
      await assert.rejects(
        asTenant(it.db, them.workspace, (tx) => statement.execute(tx)),
        /permission denied/,
      )
  })

  test('every table with a workspace of its rows is behind the wall', async () => {
    const { rows } = await sql<{ name: string; walled: boolean }>`
      select c.table_schema || '.' || c.table_name as name,
        k.relrowsecurity and exists (
          select from pg_policy p join pg_roles r on r.oid = any(p.polroles)
          where p.polrelid = k.oid and r.rolname = 'surety_tenant' and p.polqual is not null
        ) as walled
      from information_schema.columns c
      join pg_namespace n on n.nspname = c.table_schema
      join pg_class k on k.relnamespace = n.oid and k.relname = c.table_name and k.relkind in ('r', 'p')
      where c.table_schema in ('surety', 'inbox')
        and c.column_name ~ '^(workspace|tenant)(_id)?$'`.execute(it.db)
    assert.ok(rows.length > 25, 'the catalogue names them')
    const open = rows.filter(({ walled }) => !walled).map(({ name }) => name)
    assert.deepEqual(open, [], 'a migration must put these behind the wall')
  })
})
