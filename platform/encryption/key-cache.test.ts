import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { Problem } from '../kernel/problem.ts'
import { encryptionRig, type EncryptionRig } from './rig.fixture.ts'
import type { KeyRoot } from './roots/index.ts'
import { openTenantKeys, type TenantKeys } from './tenant-keys.ts'
import { timedCache } from './key-cache.ts'
import { fakeClock } from '../kernel/clock.ts'

const place = { table: 'sample', column: 'text', row: '1' }
const MINUTE = 60

/** A root that counts what it is asked for and can be away. */
interface WatchedRoot extends KeyRoot {
  asked: number
  away: boolean
}

function watched(root: KeyRoot): WatchedRoot {
  const seen = { asked: 0, away: false }
  const ask = <Result>(answer: () => Promise<Result>): Promise<Result> => {
    seen.asked += 1
    if (seen.away) return Promise.reject(new Problem('encryption.root-unreachable', 'The root is away.'))
    return answer()
  }
  const wrap: KeyRoot['wrap'] = (label, key) => ask(() => root.wrap(label, key))
  const unwrap: KeyRoot['unwrap'] = (label, wrapped) => ask(() => root.unwrap(label, wrapped))
  return Object.assign(seen, { ...root, wrap, unwrap })
}

suite('keys held in memory', () => {
  let rig: EncryptionRig
  let root: WatchedRoot
  let keys: TenantKeys
  before(async () => {
    rig = await encryptionRig()
  })
  after(() => rig.close())

  const freshProcess = (): void => {
    root = watched(rig.root)
    keys = openTenantKeys({ ...rig, root, governed: rig })
  }
  const sealedBefore = async (tenant: string): Promise<Buffer> => {
    const sealed = await rig.keys.sealText(tenant, place, 'x')
    freshProcess()
    return sealed
  }

  test('3,000 values opened at once cost one call to the root', async () => {
    const tenant = randomUUID()
    const sealed = await sealedBefore(tenant)
    const texts = await Promise.all(Array.from({ length: 3000 }, () => keys.openText(tenant, place, sealed)))
    assert.deepEqual(new Set(texts), new Set(['x']))
    assert.equal(root.asked, 1)
    await keys.lookUp(tenant, 'p', 'v')
    await keys.forPerson(tenant, 'one').sealText(place, 'x')
    assert.equal(root.asked, 1, 'look-ups and persons need no other call')
  })

  test('what is held goes on while the root is away, for five minutes and no longer', async () => {
    const tenant = randomUUID()
    const sealed = await sealedBefore(tenant)
    await keys.openText(tenant, place, sealed)
    root.away = true
    rig.clock.advanceSeconds(5 * MINUTE - 1)
    assert.equal(await keys.openText(tenant, place, sealed), 'x')
    rig.clock.advanceSeconds(1)
    await assert.rejects(keys.openText(tenant, place, sealed), { code: 'encryption.root-unreachable' })
  })

  test('a refusal is repeated for a moment without asking, and then asked for again', async () => {
    const tenant = randomUUID()
    const sealed = await sealedBefore(tenant)
    root.away = true
    for (let times = 0; times < 50; times += 1)
      await assert.rejects(keys.openText(tenant, place, sealed), { code: 'encryption.root-unreachable' })
    assert.equal(root.asked, 1)
    root.away = false
    rig.clock.advanceSeconds(2)
    assert.equal(await keys.openText(tenant, place, sealed), 'x')
  })

  test('values that name no key make nobody ask the root again and again', async () => {
    const tenant = randomUUID()
    const sealed = await sealedBefore(tenant)
    const foreign = Buffer.from(sealed)
    foreign[5] = (foreign[5] ?? 0) ^ 1
    const tries = Array.from({ length: 200 }, () =>
      assert.rejects(keys.openText(tenant, place, foreign), { code: 'encryption.unreadable' }),
    )
    await Promise.all(tries)
    await assert.rejects(keys.openText(tenant, place, foreign), { code: 'encryption.unreadable' })
    assert.ok(root.asked <= 2, `${root.asked} calls`)
  })

  test('policy 2.3-b: each opening leaves its event, and a failed one a second that says so', async () => {
    const tenant = randomUUID()
    await sealedBefore(tenant)
    const before = (await rig.events()).length
    root.away = true
    await assert.rejects(keys.sealText(tenant, place, 'x'))
    assert.deepEqual((await rig.events()).slice(before), ['key.opened', 'key.failed'])
  })
})

suite('a timed cache', () => {
  const clock = fakeClock()
  const opened: string[] = []
  const cache = timedCache(clock, 3, async (name: string) => {
    opened.push(name)
    return name
  })

  test('holds so many, and drops what was used longest ago', async () => {
    for (const name of ['a', 'b', 'c', 'a', 'd']) await cache.get(name)
    assert.equal(cache.size, 3)
    opened.length = 0
    for (const name of ['a', 'c', 'd', 'b']) await cache.get(name)
    assert.deepEqual(opened, ['b'])
  })

  test('a clock that is set back prolongs nothing', async () => {
    await cache.get('x')
    opened.length = 0
    clock.advanceSeconds(-1)
    await cache.get('x')
    assert.deepEqual(opened, ['x'])
  })
})
