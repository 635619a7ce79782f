import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { readBrokenCopies } from './index.ts'
import { recoveryWorld, type RecoveryWorld } from './world.fixture.ts'

suite('changed copies', () => {
  let world: RecoveryWorld
  before(async () => {
    world = await recoveryWorld()
    await world.driver.full()
    await world.cluster.sql.query('select pg_switch_wal()')
    await world.beat()
    await world.wal.flush()
  })
  after(() => world.close())

  test('policy 6.1-a: a changed object of every kind is refused by its name', async () => {
    const reading = await world.reading()
    const copies = await readBrokenCopies(reading.options)
    await reading.close()
    assert.equal(copies.length, 16)
    assert.deepEqual(
      copies.filter(({ refused }) => refused === null).map(({ name }) => name),
      [],
    )
  })

  test('policy 6.1-d: without the recovery identity nothing of a backup can be opened', async () => {
    const reading = await world.reading('nothing')
    const [found] = (await reading.repository.backups()).backups
    assert.ok(found !== undefined && reading.opener === null)
    await assert.rejects(reading.repository.readDatabaseManifest(found.manifest), { code: 'no-key' })
    await reading.close()
  })
})
