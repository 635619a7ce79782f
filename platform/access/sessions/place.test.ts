import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { deviceName } from './device-name.ts'
import { readCountryRanges } from './country-ranges.ts'
import { openPlaces } from './place.ts'

test('an address is in the country that its network was given out to, in both versions', async () => {
  const placeOf = openPlaces()
  for (const [address, says] of [
    ['1.0.0.1', 'probably Australia'],
    ['193.0.6.139', 'probably Netherlands'],
    ['2001:200::1', 'probably Japan'],
    ['2001:0200:0000:0000:0000:0000:0000:0001', 'probably Japan'],
    ['::ffff:1.0.0.1', 'probably Australia'],
    ['192.0.2.7', 'unknown'],
    ['2001:db8::7', 'unknown'],
    ['10.1.2.3', 'this network'],
    ['127.0.0.1', 'this network'],
    ['::1', 'this network'],
    ['fe80::1%eth0', 'this network'],
    ['fd00::1', 'this network'],
    ['', 'unknown'],
    ['no address', 'unknown'],
    ['1.2.3.4.5', 'unknown'],
    ["::1' or 1=1", 'unknown'],
  ] as const)
    assert.equal((await placeOf(address)).says, says, address)
})

test('ranges are found as a walk through all of them finds them', async () => {
  const ranges = await readCountryRanges()
  const first = ranges.countryOf(Uint8Array.of(1, 0, 0, 0))
  assert.equal(first, 'AU')
  assert.equal(ranges.countryOf(Uint8Array.of(1, 0, 0, 255)), 'AU')
  assert.equal(ranges.countryOf(Uint8Array.of(1, 0, 1, 0)), 'CN')
  assert.equal(ranges.countryOf(Uint8Array.of(1, 0, 3, 255)), 'CN')
  assert.equal(ranges.countryOf(Uint8Array.of(0, 0, 0, 0)), null)
  assert.equal(ranges.countryOf(Uint8Array.of(255, 255, 255, 255)), null)
  assert.equal(ranges.countryOf(new Uint8Array(16)), null)
  assert.equal(ranges.countryOf(new Uint8Array(5)), null)
})

test('the ranges are read when somebody asks, once, and dropped when nobody does', async () => {
  let reads = 0
  const read = async () => {
    reads += 1
    if (reads === 1) throw new Error('the file is away')
    return { countryOf: () => 'NL' }
  }
  const placeOf = openPlaces(read, 20)
  await placeOf('10.0.0.1')
  assert.equal(reads, 0, 'a private address needs none')
  await assert.rejects(placeOf('193.0.6.139'))
  await Promise.all([placeOf('193.0.6.139'), placeOf('193.0.6.140')])
  assert.equal(reads, 2)
  await pause(60)
  await placeOf('193.0.6.139')
  assert.equal(reads, 3)
})

test('any text at all is an address somewhere or unknown, never an error', async () => {
  const placeOf = openPlaces(async () => ({ countryOf: (bytes) => (bytes.length > 0 ? 'NL' : null) }))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), async (text) => {
      assert.match((await placeOf(text)).says, /^(probably Netherlands|this network|unknown)$/)
    }),
  )
})

test('devices are named in words', () => {
  for (const [userAgent, says] of [
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140 on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0',
      'Edge 150 on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
      'Safari 19 on iOS',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36',
      'Chrome 150 on macOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
      'Samsung Internet 28 on Android',
    ],
    ['curl/8.5.0', 'curl 8'],
    ['', 'an unknown device'],
    ['<script>alert(1)</script>', 'an unknown device'],
  ] as const)
    assert.equal(deviceName(userAgent).says, says)
})

test('whatever a user agent holds, its name is made of our words and digits alone, in no time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2000 }), (text) => {
      assert.match(deviceName(text).says, /^[A-Za-z0-9 ]{1,60}$/)
    }),
  )
  const began = process.cpuUsage()
  deviceName(`Version/1${'.1'.repeat(50_000)} Safari/`)
  assert.ok(process.cpuUsage(began).user < 50_000)
})
