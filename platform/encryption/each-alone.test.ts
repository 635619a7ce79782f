import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { describeField } from '#envelope'
import { DAY } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { eachAlone } from './each-alone.ts'
import { rotateDueKeys } from './key-changes.ts'
import { PROVIDER } from './key-parts.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'
import { reencrypt } from './rotation/reencrypt.ts'

suite('rotation of many tenants', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const place = { table: 'sample', column: 'text', row: '1' }
  const versionsOf = async (tenant: string): Promise<string[]> => {
    const { rows } = await sql<{ name: string }>`
      select purpose || ' ' || version as name from data_key where tenant = ${tenant}
      union all select person || ' ' || version from person_key where tenant = ${tenant} order by 1`.execute(
      rig.keyring,
    )
    return rows.map(({ name }) => name)
  }

  test('policy 2.3-a.1: a tenant whose keys do not open keeps no other tenant’s keys from being replaced', async () => {
    const tenants: string[] = [randomUUID(), randomUUID(), randomUUID()]
    for (const tenant of tenants) {
      await rig.keys.forPerson(tenant, 'one').sealText(place, 'x')
      rig.clock.advanceSeconds(1)
    }
    const [broken = '', ...others] = tenants
    await sql`update tenant_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
      where tenant = ${broken}`.execute(rig.keyring)
    rig.clock.advanceSeconds(330 * DAY)
    const only = (tenant: string): boolean => tenants.includes(tenant)
    await assert.rejects(rotateDueKeys(rig, rig.policy, { only }), AggregateError)
    for (const tenant of others)
      assert.deepEqual(await versionsOf(tenant), ['data 1', 'data 2', 'index 1', 'index 2', 'one 1', 'one 2'])
    assert.deepEqual(await versionsOf(broken), ['data 1', 'index 1', 'one 1'])
  })

  test('policy 2.3-a.1: a tenant or a person whose keys do not open keeps no other one’s values from moving', async () => {
    const [tenant, broken] = [randomUUID(), randomUUID()]
    const name = { table: 'workspace', column: 'name' }
    for (const id of [tenant, broken]) {
      const sealed = await rig.keys.sealText(id, { ...name, row: id }, 'Sample')
      await rig.db.insertInto('workspace').values({ id, name: sealed, created_at: rig.clock.now() }).execute()
    }
    const letter = async (person: string) => {
      const id = randomUUID()
      const where = { table: 'outbox', column: 'message', row: id }
      const message = await rig.keys.forPerson(PROVIDER, person).sealText(where, 'words')
      const row = { id, channel: 'letter', kind: 'sample', message, state: 'kept' }
      await rig.db
        .insertInto('outbox')
        .values({ ...row, created_at: rig.clock.now() })
        .execute()
      return id
    }
    const [whole, spoilt] = [randomUUID(), randomUUID()]
    const letters = [await letter(spoilt), await letter(whole)]
    rig.clock.advanceSeconds(330 * DAY)
    const only = (one: string): boolean => [tenant, broken, PROVIDER].includes(one)
    await rotateDueKeys(rig, rig.policy, { only })
    await sql`update tenant_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
      where tenant = ${broken} and destroyed_at is null`.execute(rig.keyring)
    await sql`update person_key set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)
      where person = ${spoilt}`.execute(rig.keyring)
    const stored = async (): Promise<string[]> => {
      const { rows } = await sql<{ sealed: Buffer }>`
        select name as sealed from workspace where id in (${broken}, ${tenant}) order by id = ${tenant}`.execute(
        rig.db,
      )
      const { rows: posted } = await sql<{ sealed: Buffer }>`
        select message as sealed from outbox where id = any(${letters}::uuid[]) order by id = ${letters[1]}`.execute(
        rig.db,
      )
      return [...rows, ...posted].map(({ sealed }) => describeField(sealed).keyId)
    }
    const before = await stored()
    await reencrypt({ ...rig, share: 1, pause: () => Promise.resolve() })
    const moved = (await stored()).map((id, at) => id !== before[at])
    assert.deepEqual(moved, [false, true, false, true])
  })

  test('whose keys were destroyed meanwhile is no failure, and a root key that is away ends the run at once', async () => {
    const done: number[] = []
    const sum = await eachAlone([1, 2, 3], async (one) => {
      if (one === 2) throw new Problem('encryption.key-missing', 'gone')
      done.push(one)
      return one
    })
    assert.deepEqual([sum, done], [4, [1, 3]])
    const away = eachAlone([1, 2], async (one) => {
      done.push(one)
      throw new Problem('encryption.root-unreachable', 'away')
    })
    await assert.rejects(away, { code: 'encryption.root-unreachable' })
    assert.deepEqual(done, [1, 3, 1])
  })
})
