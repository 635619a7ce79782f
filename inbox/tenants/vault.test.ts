import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataKeyring, generateDataKey } from '#envelope'
import { SuretyError, type ReleasedTenantKeys } from '#client'
import { openVaults, type Place } from './vault.ts'

const tenant = '01890000-0000-7000-8000-000000000001'
const place: Place = ['message', 'body', '01890000-0000-7000-8000-000000000002']

test('policy 2.3-a.1: a key past its age seals nothing more, still opens, and is asked for anew', async () => {
  const sealsUntil = new Date('2026-01-01T00:00:00Z')
  const keyring = dataKeyring({ tenant, current: 1, keys: new Map([[1, generateDataKey()]]) })
  const keys: ReleasedTenantKeys = {
    keyring,
    indexes: [{ version: 1, key: generateDataKey(), writesFrom: sealsUntil }],
    sealsUntil,
  }
  let now = sealsUntil
  const forgotten: string[] = []
  const surety = {
    tenantKeys: () => Promise.resolve(keys),
    forgetKeys: (id: string) => void forgotten.push(id),
  }
  const vault = await openVaults(surety, () => now)(tenant)
  const sealed = vault.seal(place, 'sample')
  now = new Date(sealsUntil.getTime() + 1)
  const expired = (error: unknown): boolean => error instanceof SuretyError && error.code === 'key-expired'
  assert.throws(() => vault.seal(place, 'sample'), expired)
  assert.throws(() => vault.sealBytes(place, Buffer.from('sample')), expired)
  assert.equal(vault.open(place, sealed), 'sample')
  assert.deepEqual(forgotten, [tenant, tenant])
})
