import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql, type KyselyPlugin } from 'kysely'
import { describeField } from '#envelope'
import { DAY } from '../kernel/clock.ts'
import { carryOutDestructions, sharedRuns } from './destruction.ts'
import { openKeyring, type Keyring } from './keyring/database.ts'
import { personsAfter } from './keyring/person-queries.ts'
import { addVersion } from './key-changes.ts'
import { PROVIDER } from './key-parts.ts'
import { rotatePersons } from './person-rotation.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'
import { reencrypt } from './rotation/reencrypt.ts'
import { retireUnused } from './rotation/retire.ts'

const place = { table: 'outbox', column: 'message', row: randomUUID() } as const

/** Hears of every statement: how many there were, and the longest list that one of them carried. */
function counting() {
  const seen = { statements: 0, longest: 0 }
  const lengthOf = (node: unknown): number => {
    if (Array.isArray(node)) return Math.max(node.length, ...node.map(lengthOf))
    if (typeof node !== 'object' || node === null || Buffer.isBuffer(node)) return 0
    return Math.max(0, ...Object.values(node).map(lengthOf))
  }
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      seen.statements += 1
      seen.longest = Math.max(seen.longest, lengthOf(node))
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return { seen, plugin }
}

suite('keys of many persons', () => {
  let rig: EncryptionRig
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const parts = () => ({ ...rig, record: rig.record })
  const user = { actor: { kind: 'service', id: 'sample' }, request: null } as const
  /** Persons of a fresh tenant, each with a key. */
  const many = async (count: number) => {
    const tenant = randomUUID()
    const persons: string[] = Array.from({ length: count }, () => randomUUID()).toSorted()
    await rig.keys.releasePersons({ tenant, persons, make: true }, user)
    return { tenant, persons }
  }
  /** The keyring, and what it was asked; `hear` may throw. */
  const heard = (hear: (text: string) => void): Keyring =>
    openKeyring(rig.url, () => {}, { onStatement: hear })

  test('who asks while a run is under way shares the next one with all who do', async () => {
    const runs: (() => void)[] = []
    const run = sharedRuns(() => new Promise((resolve) => runs.push(resolve)))
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const first = run()
    await turn()
    const others = [run(), run(), run()]
    await turn()
    assert.equal(runs.length, 1)
    runs[0]?.()
    await first
    await turn()
    assert.equal(runs.length, 2)
    runs[1]?.()
    await Promise.all(others)
    const failing = sharedRuns(() => Promise.reject(new Error('away')))
    await assert.rejects(failing(), /away/)
    await assert.rejects(failing(), /away/)
  })

  test('GDPR article 17: pages are cleared once for all keys that are destroyed, and a stop before that leaves none of them done', async () => {
    const { tenant, persons } = await many(12)
    let [cleared, fails] = [0, true]
    const keyring = heard((text) => {
      if (!text.startsWith('vacuum')) return
      cleared += 1
      if (fails) throw new Error('killed')
    })
    try {
      await rig.db.transaction().execute(async (tx) => {
        for (const one of persons) await rig.keys.forPerson(tenant, one).destroy(tx)
      })
      await assert.rejects(carryOutDestructions({ ...rig, keyring }), /killed/)
      fails = false
      cleared = 0
      assert.equal((await carryOutDestructions({ ...rig, keyring })).length, persons.length)
      assert.equal(cleared, 1)
      assert.deepEqual(await carryOutDestructions({ ...rig, keyring }), [])
    } finally {
      await keyring.destroy()
    }
  })

  test('policy 2.3-a.1: keys of persons are wrapped anew before their tenant’s key is held, and nobody’s is left behind', async () => {
    const { tenant, persons } = await many(30)
    const asked: string[] = []
    const keyring = heard((text) => asked.push(text))
    try {
      const late = randomUUID()
      const wanted = { tenant, purpose: 'data', version: 2 } as const
      const [made] = await Promise.all([
        addVersion({ ...parts(), keyring }, wanted),
        rig.process().forPerson(tenant, late).sealText(place, 'x'),
      ])
      assert.ok(made)
      const reads = asked.findIndex((text) => text.startsWith('select') && text.includes('from "person_key"'))
      const holds = asked.findIndex((text) => text.includes('for update'))
      assert.ok(reads >= 0 && reads < holds, `${reads} ${holds}`)
      const { rows } = await sql<{ under: number }>`
        select distinct under from person_key where tenant = ${tenant}`.execute(rig.keyring)
      assert.deepEqual(rows, [{ under: 2 }])
      const asks = { tenant, persons: [...persons, late], make: false }
      assert.equal((await rig.process().releasePersons(asks, user)).keys.size, persons.length + 1)
    } finally {
      await keyring.destroy()
    }
  })

  test('persons are walked in pages, each once and with the newest version, wherever a page ends', async () => {
    const { tenant, persons } = await many(23)
    rig.clock.advanceSeconds(1)
    await rotatePersons(rig, rig.clock.now(), { only: (one) => one === tenant })
    const newer = persons.filter((_, at) => at % 3 === 0)
    await sql`insert into person_key (tenant, person, version, wrapped, fingerprint, under, created_at)
      select tenant, person, 3, wrapped, fingerprint, under, created_at from person_key
      where tenant = ${tenant} and version = 2 and person = any(${newer}::text[])`.execute(rig.keyring)
    for (const most of [4, 5, 7, 100]) {
      const walked: string[] = []
      let after: string | null = ''
      while (after !== null) {
        const page: Awaited<ReturnType<typeof personsAfter>> = await personsAfter(rig.keyring, tenant, {
          after,
          most,
        })
        for (const { person, version } of page.persons) {
          walked.push(person)
          assert.equal(version, newer.includes(person) ? 3 : 2)
        }
        after = page.last
      }
      assert.deepEqual(walked, persons)
    }
  })

  test('policy 2.3-a.1: what moves and retires asks no question for each person', async () => {
    const persons = Array.from({ length: 250 }, () => randomUUID())
    await rig.keys.releasePersons({ tenant: PROVIDER, persons, make: true }, user)
    const one = persons[0] ?? randomUUID()
    const message = await rig.keys.forPerson(PROVIDER, one).sealText(place, 'words')
    const row = { id: place.row, channel: 'letter', kind: 'sample', message, state: 'kept' }
    await rig.db
      .insertInto('outbox')
      .values({ ...row, created_at: rig.clock.now() })
      .execute()
    rig.clock.advanceSeconds(1)
    await rotatePersons(rig, rig.clock.now(), { only: (tenant) => tenant === PROVIDER })
    rig.clock.advanceSeconds(DAY)
    const { seen, plugin } = counting()
    const data = rig.db.withPlugin(plugin)
    const moved = await reencrypt({ ...rig, data, share: 1, pause: () => Promise.resolve() })
    assert.equal(moved.moved, 1)
    assert.ok(seen.longest <= 200, `a statement carried ${seen.longest} values`)
    const stored = await rig.db.selectFrom('outbox').select('message').where('id', '=', place.row).execute()
    const [kept] = stored
    assert.ok(kept?.message && describeField(kept.message).keyId !== describeField(message).keyId)
    seen.statements = 0
    const times = { backupSeconds: () => 90 * DAY, heldSince: () => Promise.resolve([]) }
    assert.ok((await retireUnused({ ...rig, data, ...times })).waiting >= 250)
    assert.ok(seen.statements < 250, `${seen.statements} statements`)
  })
})
