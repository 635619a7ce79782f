import assert from 'node:assert/strict'
import { randomUUID, type KeyObject } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { dataKeyring, generateDataKey, sealText } from '#envelope'
import { carryOverKeys } from './carry-over.ts'
import { keyAccessLogged } from './key-access-control.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'

const place = { table: 'sample', column: 'text', row: '1' }

suite('keys that an older state kept beside the data', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const keepBeside = async (tenant: string, purpose: 'data' | 'index', version: number, key: KeyObject) =>
    rig.db
      .insertInto('data_key')
      .values({
        tenant,
        purpose,
        version,
        wrapped: await rig.root.wrap({ tenant, purpose, version }, key),
        root_fingerprint: rig.root.fingerprint,
        created_at: rig.clock.now(),
      })
      .execute()

  test('policy 2.3-a.2: they move into the keyring with every version and use, and nothing stays behind', async () => {
    const [tenant, gone] = [randomUUID(), randomUUID()]
    const [first, second, index] = [generateDataKey(), generateDataKey(), generateDataKey()]
    await keepBeside(tenant, 'data', 1, first)
    await keepBeside(tenant, 'data', 2, second)
    await keepBeside(tenant, 'index', 1, index)
    const at = rig.clock.now()
    const dead = { tenant: gone, purpose: 'data', version: 1, wrapped: Buffer.alloc(0), root_fingerprint: '' }
    await rig.db
      .insertInto('data_key')
      .values({ ...dead, created_at: at, destroyed_at: at })
      .execute()
    const use = { id: randomUUID(), at, tenant, action: 'opened' }
    await rig.db.insertInto('key_access').values(use).execute()
    const old = dataKeyring({ tenant, current: 1, keys: new Map([[1, first]]) })
    const sealed = sealText(old, { tenant, ...place }, 'from before')

    assert.equal(await carryOverKeys(rig), 2)
    assert.equal(await rig.keys.openText(tenant, place, sealed), 'from before')
    await assert.rejects(rig.keys.sealText(gone, place, 'x'), { code: 'encryption.key-missing' })
    for (const table of ['data_key', 'key_access'] as const)
      assert.deepEqual(await rig.db.selectFrom(table).selectAll().execute(), [])
    const moved = await rig.keyring.selectFrom('key_access').select('id').where('id', '=', use.id).execute()
    assert.equal(moved.length, 1)
    assert.equal(await carryOverKeys(rig), 0)
  })

  test('a start that was cut off in the middle is gone on with by the next one', async () => {
    const tenant = randomUUID()
    const [key, index] = [generateDataKey(), generateDataKey()]
    const beside = async (): Promise<void> => {
      await keepBeside(tenant, 'data', 1, key)
      await keepBeside(tenant, 'index', 1, index)
    }
    await beside()
    await carryOverKeys(rig)
    await beside()
    assert.equal(await carryOverKeys(rig), 1)
    assert.equal(
      (await rig.keys.release(tenant, { actor: { kind: 'system', id: 'test' }, request: null })).current,
      1,
    )
  })

  test('keys of the same tenant that are others than those in the keyring are left where they are', async () => {
    const tenant = randomUUID()
    await rig.keys.sealText(tenant, place, 'x')
    await keepBeside(tenant, 'data', 1, generateDataKey())
    await assert.rejects(carryOverKeys(rig), { code: 'encryption.key-missing' })
    assert.equal((await rig.db.selectFrom('data_key').select('tenant').execute()).length, 1)
  })

  test('policy 2.3-b: an old use whose event is missing is found', async () => {
    assert.match((await keyAccessLogged.check(await rig.system())).saw, /left no event/)
  })
})
