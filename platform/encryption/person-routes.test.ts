import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { Caller } from '../kernel/caller.ts'
import { localProgram } from '../kernel/caller.ts'
import { encryptionRig, told, type EncryptionRig } from './rig.fixture.ts'
import { erasureRoutes } from './erasure-routes.ts'
import { personRoutes } from './person-routes.ts'

suite('keys of persons at the service socket', () => {
  let rig: EncryptionRig
  let unwrapped = 0
  const tenant = randomUUID()

  before(async () => {
    rig = await encryptionRig()
    // Counted from here on: the tenant's own key is opened once.
    const { root } = rig
    const { unwrap } = root
    Object.assign(root, {
      unwrap: (...given: Parameters<typeof unwrap>) => {
        unwrapped += 1
        return unwrap(...given)
      },
    })
  })
  after(() => rig.close())

  const deps = () => ({
    ...rig,
    tenantIsActive: async (id: string) => id === tenant,
    backupSeconds: () => 92 * 86_400,
  })
  const requestOf = <Given extends object>(
    given: Given,
    caller: Caller = localProgram('service', 'inbox'),
  ) => ({
    params: { tenant },
    query: {},
    body: {},
    requestId: 'r',
    raw: new Request('http://localhost'),
    caller,
    ...given,
  })
  const release = async (persons: readonly string[], make = true, of = tenant) => {
    const [route] = personRoutes(deps())
    return told(route.handle(requestOf({ params: { tenant: of }, body: { persons: [...persons], make } })))
  }
  const member = (): Caller => ({
    ...localProgram('operator', 'x'),
    kind: 'account',
    id: 'owner',
    workspaceId: tenant,
  })
  const erase = async (id: string, caller = member()) => {
    const [route] = erasureRoutes(deps())
    return told(route.handle(requestOf({ params: { id } }, caller)))
  }
  const uses = async (type: string) => (await rig.events()).filter((one) => one === type).length

  test('policy 2.3-b: keys of 200 persons are made and handed over under one event, without asking the root', async () => {
    await release([randomUUID()])
    const [asked, before] = [unwrapped, await uses('key.released')]
    const persons = Array.from({ length: 200 }, () => randomUUID())
    const given = await release(persons)
    assert.equal(Object.keys(given.persons).length, 200)
    assert.equal(new Set(Object.values(given.persons).map(({ data }) => data['1'])).size, 200)
    assert.equal(unwrapped, asked)
    assert.equal((await uses('key.released')) - before, 1)
    assert.deepEqual(await release(persons), given)
  })

  test('who has no key gets none unless that is asked for, and another workspace gets nothing', async () => {
    const one = randomUUID()
    assert.deepEqual(await release([one], false), { persons: {}, erased: [] })
    await assert.rejects(release([one], true, randomUUID()), { code: 'resource.unknown' })
    const [route] = personRoutes(deps())
    for (const wrong of [['A'], ['a b'], ['../x'], [''], []])
      assert.ok(!route.input.body.safeParse({ persons: wrong }).success, JSON.stringify(wrong))
  })

  test('two processes that make the same person’s key at once get the same one', async () => {
    const one = randomUUID()
    const [mine, others] = await Promise.all([release([one]), release([one])])
    assert.deepEqual(mine, others)
  })

  test('GDPR article 17: an erased person has no key any more, gets none again, and is told to the service', async () => {
    const [one, two] = [randomUUID(), randomUUID()]
    await release([one, two])
    const done = await erase(one)
    assert.ok(done.keyDestroyedAt !== null)
    const days = (text: string): number =>
      Math.round((Date.parse(text) - rig.clock.now().getTime()) / 86_400_000)
    assert.deepEqual([days(done.copiesGoneBy), days(done.backupsGoneBy)], [7, 92])
    const given = await release([one, two])
    assert.deepEqual([Object.keys(given.persons), given.erased], [[two], [one]])
    const [, , list] = personRoutes(deps())
    const after = '00000000-0000-0000-0000-000000000000'
    const known = await told(list.handle({ ...requestOf({ query: { after } }), params: {} }))
    assert.ok(known.erasures.some(({ person, tenant: of }) => person === one && of === tenant))
    assert.equal(known.more, false)
    // Once is enough: the second time tells the same and leaves no other event.
    assert.deepEqual(await erase(one), done)
    assert.equal(await uses('person.erased'), 1)
    await assert.rejects(erase(randomUUID()), { code: 'resource.unknown' })
    await assert.rejects(erase(two, { ...member(), workspaceId: randomUUID() }), { code: 'resource.unknown' })
    assert.equal(Object.keys((await release([two])).persons).length, 1)
  })

  test('the service ends keys that it made for a time, once', async () => {
    const [, end] = personRoutes(deps())
    const persons = ['deliveries-2026-01-01']
    await release(persons)
    const ask = () => told(end.handle(requestOf({ body: { persons } })))
    assert.deepEqual([await ask(), await ask()], [{ ended: 1 }, { ended: 0 }])
    assert.deepEqual((await release(persons)).erased, persons)
  })
})
