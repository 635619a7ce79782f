import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { startInboxUnderTest } from '../test/inbox-under-test.ts'

test('GDPR article 17: whatever is removed with a contact is found by an index, however many messages there are', async () => {
  const t = await startInboxUnderTest()
  try {
    const { rows } = await sql<{ key: string }>`
      select c.conrelid::regclass || ' ' || c.conname as key
      from pg_constraint c join pg_namespace n on n.oid = c.connamespace
      where n.nspname = 'inbox' and c.contype = 'f' and c.confdeltype in ('c', 'n')
        and c.confrelid <> 'inbox.channel'::regclass
        and not exists (
          select from pg_index i where i.indrelid = c.conrelid
            and (select array_agg(k order by k) from unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k)
              = (select array_agg(k order by k) from unnest(c.conkey) k))
      order by 1`.execute(t.db)
    assert.deepEqual(
      rows.map(({ key }) => key),
      [],
    )
  } finally {
    await t.stop()
  }
})
