import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testCluster, type TestCluster } from '../replication/cluster.fixture.ts'
import { letCommitsGo } from './let-commits-go.ts'

suite('commits that wait for an archive', () => {
  let cluster: TestCluster
  before(async () => {
    cluster = await testCluster()
  })
  after(() => cluster.close())

  test('policy 6.2-b: a process that starts anew does not wait for the archive of one that died', async () => {
    const { sql, url } = cluster
    await sql.query("alter system set synchronous_standby_names = 'gone'")
    await sql.query('select pg_reload_conf()')
    await letCommitsGo(url)
    await sql.query('create table written (n int)')
    const { rows } = await sql.query<{ names: string }>(
      "select setting as names from pg_settings where name = 'synchronous_standby_names'",
    )
    assert.equal(rows[0]?.names, '')
  })
})
