import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { describeField } from '#envelope'
import { DAY, HOUR } from '../../kernel/clock.ts'
import { rotateDueKeys } from '../key-changes.ts'
import { allRows, insertRows } from '../keyring-backup/queries.ts'
import { readCopy, writeCopy } from '../keyring-backup/format.ts'
import { tombstones } from '../keyring/person-queries.ts'
import { PROVIDER } from '../key-parts.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { openTenantKeys } from '../tenant-keys.ts'
import { reencrypt } from './reencrypt.ts'
import { reindex } from './reindex.ts'
import { retireUnused } from './retire.ts'

let rig: EncryptionRig
before(async () => {
  rig = await encryptionRig()
})
after(() => rig.close())

const parts = () => ({ ...rig, share: 1, pause: () => Promise.resolve() })
const retire = () =>
  retireUnused({ ...rig, backupSeconds: () => 90 * DAY, heldSince: () => Promise.resolve([]) })
const place = (row: string) => ({ table: 'outbox', column: 'message', row })
const missing = { code: 'encryption.key-missing' }

/** Keeps a message that is sealed for one person, in a table of the provider's. */
async function keep(person: string): Promise<string> {
  const id = randomUUID()
  const message = await rig.keys.forPerson(PROVIDER, person).sealText(place(id), `words to ${person}`)
  const row = { id, channel: 'letter', kind: 'sample', message, state: 'kept', created_at: rig.clock.now() }
  await rig.db.insertInto('outbox').values(row).execute()
  return id
}

async function kept(id: string): Promise<Buffer> {
  const row = await rig.db
    .selectFrom('outbox')
    .select('message')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return row.message ?? Buffer.alloc(0)
}

async function versionsOf(person: string): Promise<string> {
  const rows = await rig.keyring
    .selectFrom('person_key')
    .select(['version', 'destroyed_at'])
    .where('person', '=', person)
    .orderBy('version')
    .execute()
  return rows.map(({ version, destroyed_at: gone }) => `${version}${gone === null ? '' : ' gone'}`).join(', ')
}

suite('keys of persons', () => {
  test('policy 2.3-a.1: one at nine tenths of its age is replaced, what it sealed moves, and it retires when no backup needs it', async () => {
    const [one, other] = [randomUUID(), randomUUID()]
    const id = await keep(one)
    rig.clock.advanceSeconds(200 * DAY)
    await keep(other)
    rig.clock.advanceSeconds(130 * DAY)
    const elsewhere = rig.process()
    await elsewhere.forPerson(PROVIDER, one).openText(place(id), await kept(id))
    assert.equal((await rotateDueKeys(rig, rig.policy)).persons, 1)
    assert.deepEqual([await versionsOf(one), await versionsOf(other)], ['1, 2', '1'])
    const before = describeField(await kept(id)).keyId
    rig.keys.forget()
    const done = await reencrypt(parts())
    assert.deepEqual([done.unreadable, done.finished], [0, true])
    assert.notEqual(describeField(await kept(id)).keyId, before)
    for (const process of [rig.keys, elsewhere])
      assert.equal(
        await process.forPerson(PROVIDER, one).openText(place(id), await kept(id)),
        `words to ${one}`,
      )
    rig.clock.advanceSeconds(2 * HOUR)
    await reindex(parts())
    await retire()
    assert.equal(await versionsOf(one), '1, 2', 'backups from before name it')
    rig.clock.advanceSeconds(90 * DAY + 1)
    await retire()
    assert.equal(await versionsOf(one), '1 gone, 2')
    assert.deepEqual(await tombstones(rig.keyring), [], 'nobody was forgotten')
    assert.equal(
      await rig
        .process()
        .forPerson(PROVIDER, one)
        .openText(place(id), await kept(id)),
      `words to ${one}`,
    )
  })

  test('policy 2.3-a.1: a person’s key past its age seals nothing and still opens', async () => {
    const person = randomUUID()
    const id = await keep(person)
    rig.clock.advanceSeconds(365 * DAY + 1)
    const own = rig.process().forPerson(PROVIDER, person)
    await assert.rejects(own.sealText(place(id), 'x'), { code: 'encryption.key-expired' })
    assert.equal(await own.openText(place(id), await kept(id)), `words to ${person}`)
    await rotateDueKeys(rig, rig.policy)
    await rig.process().forPerson(PROVIDER, person).sealText(place(id), 'x')
  })

  test('somebody who was forgotten stays forgotten through rotations, whatever comes first', async () => {
    const people = Array.from({ length: 12 }, () => randomUUID())
    const ids = await Promise.all(people.map(keep))
    rig.clock.advanceSeconds(330 * DAY)
    const forget = async (person: string): Promise<void> =>
      rig.process().forPerson(PROVIDER, person).destroy(rig.db)
    await Promise.all([rotateDueKeys(rig, rig.policy), ...people.map(forget), rotateDueKeys(rig, rig.policy)])
    await rotateDueKeys(rig, rig.policy)
    for (const [at, person] of people.entries()) {
      assert.match(await versionsOf(person), /^\d gone(, \d gone)*$/)
      const own = rig.process().forPerson(PROVIDER, person)
      await assert.rejects(own.openText(place(ids[at] ?? ''), await kept(ids[at] ?? '')), missing)
      await assert.rejects(own.sealText(place('new'), 'x'), missing)
    }
    const gone = new Set((await tombstones(rig.keyring)).map(({ person }) => person))
    assert.deepEqual(new Set(people).difference(gone), new Set())
    const done = await reencrypt(parts())
    assert.equal(done.unreadable, 0, 'what was forgotten is no fault')
  })

  test('policy 6.1-a: a copy of the keyring with several versions of every kind brings all of them back', async () => {
    const tenant = randomUUID()
    const person = randomUUID()
    const sealed = await rig.keys.forPerson(tenant, person).sealText(place('1'), 'first')
    const lookUp = await rig.keys.lookUp(tenant, 'sample', 'value')
    rig.clock.advanceSeconds(330 * DAY)
    await rotateDueKeys(rig, rig.policy)
    rig.clock.advanceSeconds(2 * HOUR)
    const later = await rig.process().forPerson(tenant, person).sealText(place('1'), 'second')
    const copy = writeCopy({ at: rig.clock.now(), rows: await allRows(rig.keyring, rig.clock.now()) })
    const empty = await encryptionRig()
    try {
      await insertRows(empty.keyring, readCopy(copy.toString('utf8')).rows)
      const { clock, root } = rig
      const back = openTenantKeys({ db: empty.db, keyring: empty.keyring, clock, root })
      const own = back.forPerson(tenant, person)
      assert.deepEqual(
        [await own.openText(place('1'), sealed), await own.openText(place('1'), later)],
        ['first', 'second'],
      )
      const found = await back.lookUp(tenant, 'sample', 'value')
      assert.equal(found.length, 2)
      assert.deepEqual(found[1], lookUp[0])
    } finally {
      await empty.close()
    }
  })

  test('a copy from before persons’ keys had versions is read as one of first versions', () => {
    const life = { wrapped: 'AAAA', fingerprint: 'f', created_at: rig.clock.now(), destroyed_at: null }
    const row = { table: 'person_key', tenant: 't', person: 'p', under: 1, ...life }
    const head = { format: 'surety keyring 1', at: rig.clock.now(), rows: 1 }
    const [read] = readCopy([JSON.stringify(head), JSON.stringify(row), ''].join('\n')).rows
    assert.equal(read?.table === 'person_key' ? read.version : null, 1)
  })
})
