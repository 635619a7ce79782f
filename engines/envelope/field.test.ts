import assert from 'node:assert/strict'
import { createCipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import fc from 'fast-check'
import { EnvelopeError, type EnvelopeErrorCode } from './envelope-error.ts'
import {
  describeField,
  fieldBytesMax,
  fieldOverheadBytes,
  isCurrent,
  openBytes,
  openText,
  sealBytes,
  sealText,
  type FieldContext,
} from './field.ts'
import { dataKeyring, fieldKeyId } from './keyring.ts'
import { generateDataKey, keyFingerprint } from './keys.ts'

const tenant = 'tenant-1'
const place: FieldContext = { tenant, table: 'message', column: 'body', row: 'row-1' }
const first = generateDataKey()
const second = generateDataKey()
const ring = dataKeyring({ tenant, current: 1, keys: new Map([[1, first]]) })

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
const context = fc.record({ tenant: name, table: name, column: name, row: name })
const text = fc.string({ unit: 'binary', maxLength: 200 }).filter((value) => value.isWellFormed())

function ringFor(tenantName: string, key: KeyObject = first) {
  return dataKeyring({ tenant: tenantName, current: 1, keys: new Map([[1, key]]) })
}

function refuses(attempt: () => unknown, code: EnvelopeErrorCode) {
  assert.throws(attempt, new EnvelopeError(code))
}

test('policy 2.2-a: any text and any bytes come back as they were sealed', () => {
  fc.assert(
    fc.property(context, text, fc.uint8Array({ maxLength: 500 }), (at, value, bytes) => {
      const keyring = ringFor(at.tenant)
      const envelope = sealText(keyring, at, value)
      assert.equal(envelope.length, Buffer.byteLength(value) + fieldOverheadBytes)
      assert.equal(openText(keyring, at, envelope), value)
      assert.deepEqual(openBytes(keyring, at, sealBytes(keyring, at, bytes)), Buffer.from(bytes))
    }),
    { numRuns: 300 },
  )
})

test('a byte order mark and a zero byte survive', () => {
  const value = '\ufeffa\u0000b'
  assert.equal(openText(ring, place, sealText(ring, place, value)), value)
})

test('policy 2.2-a: the same text sealed twice shares no nonce and no ciphertext', () => {
  const [one, two] = [sealText(ring, place, 'sample'), sealText(ring, place, 'sample')]
  assert.notDeepEqual(one.subarray(17, 41), two.subarray(17, 41))
  assert.notDeepEqual(one.subarray(41), two.subarray(41))
})

test('policy 2.2-a: every single flipped bit is refused', () => {
  const envelope = sealText(ring, place, 'a sample sentence of a customer')
  for (let bit = 0; bit < envelope.length * 8; bit++) {
    const changed = Buffer.from(envelope)
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    assert.throws(() => openText(ring, place, changed), EnvelopeError, `bit ${bit}`)
  }
})

test('policy 2.2-a: every shortened and every extended envelope is refused', () => {
  const envelope = sealText(ring, place, 'a sample sentence')
  for (let length = 0; length < envelope.length; length++) {
    assert.throws(() => openText(ring, place, envelope.subarray(0, length)), EnvelopeError)
    assert.throws(() => openText(ring, place, envelope.subarray(envelope.length - length)), EnvelopeError)
  }
  refuses(() => openText(ring, place, Buffer.concat([envelope, Buffer.of(0)])), 'not-authentic')
})

test('arbitrary bytes are refused with a code and nothing else', () => {
  const header = sealText(ring, place, '').subarray(0, 17)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(17), (bytes, kept) => {
      const hostile = Buffer.concat([header.subarray(0, kept), bytes])
      assert.throws(() => openBytes(ring, place, hostile), EnvelopeError)
    }),
    { numRuns: 500 },
  )
})

test('policy 2.2-a: an envelope moved to another tenant, table, column or row is refused', () => {
  fc.assert(
    fc.property(context, context, (sealedAt, openedAt) => {
      fc.pre(JSON.stringify(Object.values(sealedAt)) !== JSON.stringify(Object.values(openedAt)))
      const envelope = sealText(ringFor(sealedAt.tenant), sealedAt, 'sample')
      refuses(() => openText(ringFor(openedAt.tenant), openedAt, envelope), 'not-authentic')
    }),
  )
})

test('policy 2.2-a: an envelope is refused when characters move from one name of its place to the next', () => {
  const names = ['tenant', 'table', 'column', 'row'] as const
  fc.assert(
    fc.property(context, fc.nat(2), (sealedAt, index) => {
      const [left, right] = [names[index] ?? 'tenant', names[index + 1] ?? 'row']
      const last = Array.from(sealedAt[left]).at(-1) ?? ''
      const shorter = sealedAt[left].slice(0, -last.length)
      fc.pre(shorter !== '')
      const openedAt = { ...sealedAt, [left]: shorter, [right]: last + sealedAt[right] }
      const envelope = sealText(ringFor(sealedAt.tenant), sealedAt, 'sample')
      refuses(() => openText(ringFor(openedAt.tenant), openedAt, envelope), 'not-authentic')
    }),
  )
})

test('policy 2.2-a: an envelope that names another format is refused, and other bytes are no envelope', () => {
  const envelope = sealText(ring, place, 'sample')
  for (let first = 0; first < 256; first++) {
    if (first === 0xf6) continue
    const changed = Buffer.from(envelope)
    changed.writeUInt8(first, 0)
    const other = first >= 0xf5 && first <= 0xfd
    refuses(() => openText(ring, place, changed), other ? 'unsupported-format' : 'malformed')
    if (other) assert.equal(describeField(changed).algorithm, null)
    else refuses(() => describeField(changed), 'malformed')
  }
})

test('no text in UTF-8 begins like an envelope', () => {
  fc.assert(
    fc.property(text, (value) => {
      fc.pre(value !== '')
      refuses(() => describeField(Buffer.from(value)), 'malformed')
    }),
  )
})

test('policy 2.2-a: an AES-128 blob is no envelope, and one that is labelled so is refused', () => {
  const cipher = createCipheriv('aes-128-gcm', createSecretKey(Buffer.alloc(16, 7)), Buffer.alloc(12, 1))
  const body = Buffer.concat([cipher.update('sample'), cipher.final(), cipher.getAuthTag()])
  const bare = Buffer.concat([Buffer.alloc(12, 1), body, Buffer.alloc(30)])
  refuses(() => describeField(bare), 'malformed')
  const labelled = Buffer.concat([sealText(ring, place, '').subarray(0, 41), body])
  refuses(() => openText(ring, place, labelled), 'not-authentic')
})

test('policy 2.2-a: a value sealed for one meaning does not open with another', () => {
  const envelope = sealText(ring, { ...place, schemaVersion: 2 }, 'sample')
  refuses(() => openText(ring, place, envelope), 'not-authentic')
  refuses(() => openText(ring, { ...place, schemaVersion: 3 }, envelope), 'not-authentic')
  assert.equal(openText(ring, { ...place, schemaVersion: 2 }, envelope), 'sample')
  assert.equal(openText(ring, { ...place, schemaVersion: 1 }, sealText(ring, place, 'one')), 'one')
  for (const schemaVersion of [0, 1.5, 2 ** 32, Number.NaN])
    refuses(() => sealText(ring, { ...place, schemaVersion }, 'sample'), 'invalid-context')
})

test('plaintext that looks like an envelope is sealed like any other', () => {
  const inner = sealText(ring, place, 'sample')
  const outer = sealBytes(ring, place, inner)
  assert.equal(outer.indexOf(inner), -1)
  assert.deepEqual(openBytes(ring, place, outer), inner)
  refuses(() => openText(ring, place, outer), 'not-text')
})

test('policy 2.3-a.1: after a rotation new envelopes use the new key and old ones still open', () => {
  const old = sealText(ring, place, 'before')
  const keys = new Map([
    [1, first],
    [2, second],
  ])
  const rotated = dataKeyring({ tenant, current: 2, keys })
  const fresh = sealText(rotated, place, 'after')
  assert.equal(describeField(old).keyId, fieldKeyId(keyFingerprint(first)))
  assert.equal(describeField(fresh).keyId, fieldKeyId(keyFingerprint(second)))
  assert.deepEqual([isCurrent(rotated, old), isCurrent(rotated, fresh)], [false, true])
  assert.equal(openText(rotated, place, old), 'before')
  assert.equal(openText(rotated, place, fresh), 'after')
  refuses(() => openText(ring, place, fresh), 'unknown-key-version')
})

test('an envelope relabelled with the id of another key is refused', () => {
  const keys = new Map([
    [1, first],
    [2, second],
  ])
  const both = dataKeyring({ tenant, current: 2, keys })
  const envelope = sealText(ring, place, 'sample')
  sealText(both, place, 'sample').copy(envelope, 1, 1, 17)
  refuses(() => openText(both, place, envelope), 'not-authentic')
})

test('a key of the right version but of another tenant is refused', () => {
  const envelope = sealText(ring, place, 'sample')
  refuses(() => openText(ringFor(tenant, second), place, envelope), 'unknown-key-version')
  refuses(() => openText(ringFor('tenant-2'), place, envelope), 'wrong-context')
  refuses(() => sealText(ring, { ...place, tenant: 'tenant-2' }, 'sample'), 'wrong-context')
})

test('a place with an empty, ill-formed or overlong name is refused', () => {
  for (const row of ['', '\udc00', 'r'.repeat(256)]) {
    refuses(() => sealText(ring, { ...place, row }, 'sample'), 'invalid-context')
  }
})

test('text that UTF-8 cannot carry is refused instead of silently changed', () => {
  refuses(() => sealText(ring, place, 'a\ud800'), 'invalid-text')
})

test('a plaintext above 16 MiB is refused in both directions', () => {
  refuses(() => sealBytes(ring, place, Buffer.alloc(fieldBytesMax + 1)), 'too-large')
  const header = sealText(ring, place, '').subarray(0, 17)
  const overlong = Buffer.concat([header, Buffer.alloc(fieldBytesMax + 41)])
  refuses(() => openBytes(ring, place, overlong), 'too-large')
})

test('a keyring without its current key, or with one key twice, is refused', () => {
  refuses(() => dataKeyring({ tenant, current: 2, keys: new Map([[1, first]]) }), 'invalid-keyring')
  const twice = new Map([
    [1, first],
    [2, first],
  ])
  refuses(() => dataKeyring({ tenant, current: 2, keys: twice }), 'invalid-keyring')
  for (const version of [0, 1.5, 2 ** 32, Number.NaN]) {
    refuses(() => dataKeyring({ tenant, current: 1, keys: new Map([[version, first]]) }), 'invalid-context')
  }
  const short = createSecretKey(Buffer.alloc(16, 1))
  refuses(() => dataKeyring({ tenant, current: 1, keys: new Map([[1, short]]) }), 'invalid-key')
})

test('policy 2.3-a.2: neither a dump of a keyring nor a refusal shows key bytes or data', () => {
  const keyring = ringFor(tenant, createSecretKey(Buffer.alloc(32, 0xa7)))
  const id = keyring.current.id.toString('hex')
  const shown = inspect(keyring, { depth: 9, showHidden: true }).match(/<Buffer[ 0-9a-f]*/g) ?? []
  assert.deepEqual(new Set(shown.map((dump) => dump.slice(7).replaceAll(' ', ''))), new Set([id]))
  const changed = sealText(keyring, place, 'confidential')
  changed.writeUInt8(changed.readUInt8(50) ^ 1, 50)
  try {
    openText(keyring, place, changed)
    assert.fail('the changed envelope opened')
  } catch (error) {
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /confidential|tenant-1|row-1/)
  }
})

test('an envelope is what the README says, byte by byte, computed here without this engine', () => {
  const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', key, '', info, 32))
  const sized = (part: string | Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(part))
    return Buffer.concat([length, Buffer.from(part)])
  }
  const keyring = dataKeyring({ tenant, current: 9, keys: new Map([[9, createSecretKey(key)]]) })
  const envelope = sealText(keyring, place, 'sample')

  const format = Buffer.from('f6', 'hex')
  const id = derive('surety.envelope/fingerprint/1').subarray(0, 16)
  assert.deepEqual(envelope.subarray(0, 17), Buffer.concat([format, id]))

  const nonce = envelope.subarray(17, 41)
  const schemaVersion = Buffer.from('00000001', 'hex')
  const aad = Buffer.concat([
    Buffer.from('00000008', 'hex'),
    ...['surety.envelope/field/2', format, id, tenant, 'message', 'body', 'row-1', schemaVersion].map(sized),
  ])
  const messageKey = cmacCounterKey(derive('surety.envelope/field/2'), nonce.subarray(0, 12))
  const cipher = createCipheriv('aes-256-gcm', messageKey, nonce.subarray(12)).setAAD(aad)
  const sealed = Buffer.concat([cipher.update('sample'), cipher.final(), cipher.getAuthTag()])
  assert.deepEqual(envelope.subarray(41), sealed)
})

test('an envelope sealed by the first release of this format still opens', () => {
  const key = createSecretKey(
    Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'),
  )
  const keyring = dataKeyring({ tenant, current: 9, keys: new Map([[9, key]]) })
  const envelope = Buffer.from(
    'f6a850353ca9a96fd16234e6163e6d872fac1ed011ec087325cc921e45c43c72cbd5a21e9bbc120b39d9389fdd6bec6876f8e44b5c296b79765ff5493ed086',
    'hex',
  )
  assert.equal(openText(keyring, place, envelope), 'sample')
})

/** The derived key of XAES-256-GCM, by CBC over one block with the subkey mixed in (a second way to write CMAC). */
function cmacCounterKey(key: Buffer, nonce: Buffer): Buffer {
  const encrypt = (block: Buffer) => {
    const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
    return Buffer.concat([cipher.update(block), cipher.final()])
  }
  const zero = BigInt(`0x${encrypt(Buffer.alloc(16)).toString('hex')}`)
  const doubled = BigInt.asUintN(128, zero << 1n) ^ (zero >> 127n === 1n ? 0x87n : 0n)
  const half = (counter: number) => {
    const block = BigInt(`0x000${counter}5800${nonce.toString('hex')}`) ^ doubled
    return encrypt(Buffer.from(block.toString(16).padStart(32, '0'), 'hex'))
  }
  return Buffer.concat([half(1), half(2)])
}
