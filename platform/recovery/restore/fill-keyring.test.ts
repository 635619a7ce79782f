import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { RepositoryError, type ObjectStore, type SecretOpener } from '#backup'
import { testDatabase, type TestDatabase } from '#database'
import { backUpKeyring, openKeyring, type Keyring } from '../../encryption/index.ts'
import { fillKeyring } from './fill-keyring.ts'

suite('the keyring of a restored system', () => {
  let source: TestDatabase
  let keyring: Keyring
  before(async () => {
    source = await testDatabase()
    keyring = openKeyring(source.url, () => {})
    await keyring
      .insertInto('tenant_key')
      .values({
        tenant: randomUUID(),
        version: 1,
        wrapped: Buffer.alloc(60, 1),
        fingerprint: 'sample',
        root: 'sample',
        wrapped_at: new Date(0),
        created_at: new Date(0),
      })
      .execute()
  })
  after(async () => {
    await keyring.destroy()
    await source.drop()
  })

  test('policy 6.2-0: a lost region and a damaged copy do not keep the keyring from coming back', async () => {
    const objects = new Map<string, Buffer>()
    const away = {
      region: 'a',
      list: () => {
        throw new RepositoryError('unreachable', '')
      },
    }
    const here = {
      region: 'b',
      put: async (path: string, bytes: Uint8Array) => void objects.set(path, Buffer.from(bytes)),
      get: async (path: string) => objects.get(path) ?? Buffer.alloc(0),
      async *list(prefix: string) {
        for (const path of objects.keys()) if (path.startsWith(prefix)) yield { path }
      },
    }
    const stores = [away, here] as unknown as ObjectStore[]
    const clock = { now: () => new Date('2026-01-30T12:00:00Z') }
    const wrapper = { recipients: ['sample'], wrap: async (secret: Uint8Array) => Buffer.from(secret) }
    await backUpKeyring({ keyring, clock, wrapper, system: '7', stores: () => [stores[1] as ObjectStore] })
    objects.set('7/keyring/20260131T000000Z.age', Buffer.from('changed'))
    const opener: SecretOpener = { open: async (wrapped) => Buffer.from(wrapped) }
    const there = await testDatabase()
    const empty = openKeyring(there.url, () => {})
    try {
      assert.equal(await fillKeyring({ stores, opener: null, system: '7' }, empty), null)
      assert.equal(
        await fillKeyring({ stores, opener, system: '7' }, empty),
        '7/keyring/20260130T120000Z.age',
      )
      assert.equal(await fillKeyring({ stores, opener, system: '7' }, empty), null, 'it holds keys now')
      objects.delete('7/keyring/20260130T120000Z.age')
    } finally {
      await empty.destroy()
      await there.drop()
    }
  })
})
