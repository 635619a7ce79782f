import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { fakeClock } from '../../kernel/clock.ts'
import { openStores, storesNamed, type StoreSettings } from './open-stores.ts'
import { residencyFault } from './residency.ts'
import { readStoreAddresses } from './store-address.ts'

const TWO =
  'eu-central=s3://backups-a/surety?region=eu-central-1, eu-west=s3://id:s%2Fecret@backups-b?region=eu-west-1'

const settings = (more: Partial<StoreSettings> = {}): StoreSettings => ({
  SURETY_BACKUPS: '/srv/backups',
  BACKUP_STORES: '',
  BACKUP_RESIDENCY: [],
  SURETY_VAR: '/srv/var',
  ...more,
})

suite('where backups lie', () => {
  test('buckets are read with prefix, region, country, endpoint and credentials', () => {
    const read = readStoreAddresses(
      `${TWO} ceph=s3://backups-c/p/q/?region=zone-1&endpoint=http://127.0.0.1:45801&country=FR`,
    )
    assert.ok(read.ok)
    const [first, second, third] = read.stores
    assert.deepEqual(first, {
      kind: 's3',
      region: 'eu-central',
      country: 'DE',
      bucket: 'backups-a',
      prefix: 'surety',
      awsRegion: 'eu-central-1',
      endpoint: null,
      credentials: null,
    })
    assert.ok(second?.kind === 's3' && third?.kind === 's3')
    assert.deepEqual(second.credentials, { accessKeyId: 'id', secretAccessKey: 's/ecret' })
    assert.deepEqual([third.prefix, third.country, third.endpoint?.host], ['p/q', 'FR', '127.0.0.1:45801'])
  })

  test('what is no store is refused without repeating it', () => {
    for (const text of [
      's3://bucket',
      'x=y',
      'EU=s3://bucket',
      'eu=http://bucket',
      'eu=s3://id:topsecret@bucket?endpoint=http://elsewhere.example',
      'eu=s3://id:topsecret@bucket?endpoint=https://u:topsecret@x.example',
      'eu=s3://topsecret@bucket',
      'eu=s3://id:topsecret@bucket?secret=topsecret',
      'eu=s3://bucket/../x/.y',
      'eu=s3://bucket?country=Germany',
      'eu=file://host/folder',
    ]) {
      const read = readStoreAddresses(text)
      assert.ok(!read.ok, text)
      assert.doesNotMatch(read.reasons.join(), /topsecret/)
    }
  })

  test('any text is read or refused', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...Array.from('a/.%20FC\\:@?=&#\0é')) }),
    )
    fc.assert(
      fc.property(text, (one) => {
        for (const before of ['', 'eu=', 'eu=s3://', 'eu=file://', 'eu=file:///', 'eu=s3://id:secret'])
          for (const after of ['', '@bucket', ':secret@bucket']) readStoreAddresses(`${before}${one}${after}`)
      }),
      { examples: [['\\%'], ['%FF'], ['a%2Fb'], ['a%00b']] },
    )
    for (const refused of ['eu=file:///\\%', 'eu=file:///a%2Fb', 'eu=file:///a%00b', 'eu=s3://id:%ff@bucket'])
      assert.equal(readStoreAddresses(refused).ok, false, refused)
  })

  test('policy 6.1-c: fewer than two regions are refused, and two names of one place', () => {
    const refused = (stores: string, reason: RegExp) =>
      assert.throws(() => storesNamed(settings({ BACKUP_STORES: stores })), reason)
    refused('eu=s3://bucket-a', /at least two regions/)
    refused('eu=s3://bucket-a eu=s3://bucket-b', /at least two regions/)
    refused('eu=s3://bucket-a us=s3://bucket-b us=s3://bucket-c', /the same region/)
    refused('eu=s3://bucket-a?region=x us=s3://bucket-a/p?region=x', /the same place/)
    refused('eu=file:///mnt/a us=file:///mnt/a', /the same place/)
    assert.equal(storesNamed(settings({ BACKUP_STORES: TWO })).length, 2)
    assert.deepEqual(
      storesNamed(settings()).map(({ region }) => region),
      ['region-a', 'region-b'],
    )
  })

  test('backups and data do not lie in one another', () => {
    const above = 'eu=file:///srv us=s3://bucket-a'
    assert.throws(() => storesNamed(settings({ BACKUP_STORES: above })), /outside of SURETY_VAR/)
    for (const folder of ['/srv/var/backups', '/srv/var'])
      assert.throws(() => storesNamed(settings({ SURETY_BACKUPS: folder })), /outside of SURETY_VAR/)
  })

  test('policy 6.1-c: a store outside of the countries and regions that are allowed is refused', () => {
    const named = (BACKUP_RESIDENCY: string[]) =>
      storesNamed(settings({ BACKUP_STORES: TWO, BACKUP_RESIDENCY }))
    assert.equal(named(['DE', 'IE']).length, 2)
    assert.equal(named(['eu-central', 'IE']).length, 2)
    assert.throws(() => named(['DE']), /eu-west lies in IE, and backups stay in DE/)
    assert.throws(
      () => storesNamed(settings({ BACKUP_RESIDENCY: ['DE'] })),
      /country of region-a is not known/,
    )
    assert.equal(residencyFault([], { region: 'x', country: null }), null)
  })

  test('two folders are opened as two regions', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'surety-stores-'))
    const stores = await openStores(settings({ SURETY_BACKUPS: folder }), fakeClock())
    await stores[0]?.put('a', Buffer.from('a'), { retainUntil: null })
    assert.equal(await stores[1]?.head('a'), null)
    assert.deepEqual(
      stores.map(({ place, lock }) => [place.standIn, lock]),
      [
        [true, 'promised'],
        [true, 'promised'],
      ],
    )
    await rm(folder, { recursive: true })
  })
})
