import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { carryOutDestructions, replayErasures } from './destruction.ts'
import { encryptionJobs } from './jobs.ts'
import { keyAccessLogged } from './key-access-control.ts'
import { liveVersions, retireVersion } from './key-changes.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'

const place = { table: 'sample', column: 'text', row: '1' }
const missing = { code: 'encryption.key-missing' }

suite('keys that are destroyed', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const parts = () => ({ ...rig, record: rig.record })
  const wrappedOf = async (tenant: string): Promise<number> => {
    const { rows } = await sql<{ count: number }>`
      select ((select count(*) from tenant_key where tenant = ${tenant} and length(wrapped) > 0)
        + (select count(*) from data_key where tenant = ${tenant} and length(wrapped) > 0)
        + (select count(*) from person_key where tenant = ${tenant} and length(wrapped) > 0))::int as count`.execute(
      rig.keyring,
    )
    return rows[0]?.count ?? -1
  }

  test('nothing opens any more the moment the transaction is committed, and then the keys are gone', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    await rig.keys.forPerson(tenant, 'one').sealText(place, 'x')
    await rig.db.transaction().execute((tx) => rig.keys.destroy(tx, tenant))
    await assert.rejects(rig.process().openText(tenant, place, sealed), missing)
    assert.equal(await wrappedOf(tenant), 4, 'not carried out yet')
    const job = encryptionJobs({ ...rig, keys: rig.keys }).find((one) => one.name === 'encryption.destroy')
    await job?.run({})
    assert.equal(await wrappedOf(tenant), 0)
    await assert.rejects(rig.process().openText(tenant, place, sealed), missing)
    await assert.rejects(rig.process().forPerson(tenant, 'two').sealText(place, 'x'), missing)
    assert.deepEqual(await carryOutDestructions(parts()), [], 'once is enough')
  })

  test('whoever reads keys for long keeps nobody else from reading them while the pages of destroyed ones wait to be rewritten', async () => {
    const tenant = randomUUID()
    await rig.keys.forPerson(tenant, 'one').sealText(place, 'x')
    const [holds, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const reading = rig.keyring.transaction().execute(async (tx) => {
      await tx.selectFrom('person_key').select('tenant').limit(1).execute()
      holds.resolve()
      await end.promise
    })
    await holds.promise
    const destroyed = rig.keys.forPerson(tenant, 'one').destroy(rig.db)
    const waits = async (): Promise<boolean> => {
      const { rows } =
        await sql`select 1 from pg_locks where not granted and relation = 'person_key'::regclass`.execute(
          rig.keyring,
        )
      return rows.length > 0
    }
    while (!(await waits()));
    await rig.keyring.selectFrom('person_key').select('tenant').limit(1).execute()
    end.resolve()
    await reading
    await destroyed
    assert.equal(await wrappedOf(tenant), 3)
    assert.deepEqual(await carryOutDestructions(parts()), [])
  })

  test('a destroyed key can not be brought back in the keyring', async () => {
    const tenant = randomUUID()
    await rig.keys.sealText(tenant, place, 'x')
    await rig.keys.destroy(rig.db, tenant)
    const back = rig.keyring
      .updateTable('tenant_key')
      .set({ wrapped: Buffer.from('old'), destroyed_at: null })
      .where('tenant', '=', tenant)
      .execute()
    await assert.rejects(back, /stays destroyed/)
    await assert.rejects(sql`delete from tenant_key`.execute(rig.keyring), /permission denied/)
    await assert.rejects(sql`truncate person_key`.execute(rig.keyring), /permission denied/)
  })

  test('GDPR article 17: the key of one person is destroyed alone, and what it sealed is lost', async () => {
    const tenant = randomUUID()
    const [one, two] = ['one', 'two'].map((person) => rig.keys.forPerson(tenant, person))
    assert.ok(one && two)
    const [hers, his] = [await one.sealText(place, 'hers'), await two.sealText(place, 'his')]
    assert.equal(await rig.process().forPerson(tenant, 'one').openText(place, hers), 'hers')
    await assert.rejects(two.openText(place, hers), { code: 'encryption.unreadable' })
    await assert.rejects(rig.keys.openText(tenant, place, hers), { code: 'encryption.unreadable' })
    await one.destroy(rig.db)
    await assert.rejects(one.openText(place, hers), missing)
    await assert.rejects(one.sealText(place, 'again'), missing)
    await assert.rejects(rig.process().forPerson(tenant, 'one').openText(place, hers), missing)
    assert.equal(await two.openText(place, his), 'his')
    assert.equal(await rig.keys.openText(tenant, place, await rig.keys.sealText(tenant, place, 'x')), 'x')
  })

  test('a person who got a key later keeps what was sealed before', async () => {
    const tenant = randomUUID()
    const before = await rig.keys.sealText(tenant, place, 'before')
    const person = rig.keys.forPerson(tenant, 'one')
    assert.equal(await person.openText(place, before), 'before')
    const later = await person.sealText(place, 'later')
    assert.deepEqual(
      [await person.openText(place, before), await person.openText(place, later)],
      ['before', 'later'],
    )
  })

  test('a rotation moves every key under a fresh one, and persons go on in every process', async () => {
    const tenant = randomUUID()
    const deaf = rig.process()
    const person = deaf.forPerson(tenant, 'one')
    const sealed = await person.sealText(place, 'x')
    await rig.keys.rotate(tenant)
    assert.equal(await person.openText(place, sealed), 'x')
    assert.equal(await rig.keys.forPerson(tenant, 'one').openText(place, sealed), 'x')
    await deaf.forPerson(tenant, 'two').sealText(place, 'y')
    const { rows } = await sql<{ under: number }>`
      select distinct under from data_key where tenant = ${tenant}
      union select under from person_key where tenant = ${tenant}`.execute(rig.keyring)
    assert.deepEqual(rows, [{ under: 2 }])
  })

  test('versions are retired one by one, never the newest', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    await rig.keys.rotate(tenant)
    const list = await liveVersions(rig.keyring, tenant)
    assert.deepEqual(
      list.map(({ purpose, version, current }) => [purpose, version, current]),
      [
        ['data', 1, false],
        ['index', 1, true],
        ['data', 2, true],
      ],
    )
    await assert.rejects(retireVersion(parts(), { tenant, purpose: 'data', version: 2 }), {
      code: 'encryption.key-current',
    })
    assert.equal(await retireVersion(parts(), { tenant, purpose: 'data', version: 1 }), true)
    assert.equal(await retireVersion(parts(), { tenant, purpose: 'data', version: 1 }), false)
    await assert.rejects(rig.process().openText(tenant, place, sealed), { code: 'encryption.unreadable' })
  })

  test('a main database of an earlier moment hears again what was destroyed since', async () => {
    const tenant = randomUUID()
    await rig.keys.forPerson(tenant, 'one').sealText(place, 'x')
    await rig.keys.forPerson(tenant, 'one').destroy(rig.db)
    const other = randomUUID()
    await rig.keys.sealText(other, place, 'x')
    await rig.keys.destroy(rig.db, other)
    await rig.db.deleteFrom('key_destruction').execute()
    const replayed = (await replayErasures(rig.db, rig)).map(({ tenant: of, person }) => [of, person])
    assert.ok(replayed.some(([of, person]) => of === tenant && person === 'one'))
    assert.ok(replayed.some(([of, person]) => of === other && person === null))
    assert.deepEqual(await replayErasures(rig.db, rig), [])
  })

  test('a person who is forgotten before a key was made gets none later, and a restored database hears of it', async () => {
    const tenant = randomUUID()
    const sealed = await rig.keys.sealText(tenant, place, 'hers')
    const hers = rig.keys.forPerson(tenant, 'early')
    assert.equal(await hers.openText(place, sealed), 'hers')
    await hers.destroy(rig.db)
    await assert.rejects(hers.sealText(place, 'x'), missing)
    await assert.rejects(hers.openText(place, sealed), missing)
    assert.equal(await rig.keys.openText(tenant, place, sealed), 'hers', 'what is the tenant’s stays')
    await rig.db.deleteFrom('key_destruction').execute()
    assert.ok((await replayErasures(rig.db, rig)).some(({ person }) => person === 'early'))
  })

  test('policy 2.3-b: register and audit log agree after all that', async () => {
    rig.clock.advanceSeconds(120)
    const seen = await keyAccessLogged.check(await rig.system())
    assert.equal(seen.result, 'pass', seen.saw)
  })
})
