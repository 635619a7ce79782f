import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { coseKey, encodeCbor, type Cbor } from './cose.ts'
import { openKeyMakes } from './makes.ts'
import { softKey } from './soft-key.ts'
import { openVerifier } from './verifier.ts'
import type { AttestationResponse } from './responses.ts'

const SITE = { origin: 'https://localhost:8443', rpId: 'localhost' } as const
const MAKE = '0a0b0c0d-0000-4000-8000-000000000001'

/** DER (X.690), as much of it as a certificate needs. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body])
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 0xff]), body])
}
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const text = (value: string) => der(0x0c, Buffer.from(value))
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))

function distinguished(names: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(names).map(([type, value]) =>
    der(0x31, sequence(oid(type), type === '550406' ? der(0x13, Buffer.from(value)) : text(value))),
  )
  return sequence(...parts)
}
const ROOT = distinguished({ '550403': 'Sample Maker Root' })
const LEAF = distinguished({
  '550406': 'DE',
  '55040a': 'Sample Maker',
  '55040b': 'Authenticator Attestation',
  '550403': 'Sample Key',
})

/** A certificate in PEM, valid today, signed by `issuer`. */
function certificate(
  subject: Buffer,
  publicKey: KeyObject,
  issuer: { readonly name: Buffer; readonly key: KeyObject },
  authority: boolean,
): Buffer {
  const constraints = sequence(
    oid('551d13'),
    der(0x01, Buffer.from([0xff])),
    der(0x04, authority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
  )
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    issuer.name,
    sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z'))),
    subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(constraints)),
  )
  return sequence(content, ECDSA_SHA256, der(0x03, Buffer.from([0]), sign('sha256', content, issuer.key)))
}

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

suite('makes of security keys', () => {
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const maker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rootCertificate = certificate(ROOT, root.publicKey, { name: ROOT, key: root.privateKey }, true)
  const leaf = certificate(LEAF, maker.publicKey, { name: ROOT, key: root.privateKey }, false)
  const verifier = openVerifier()
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-makes-'))
    await writeFile(join(folder, 'roots.pem'), pem(rootCertificate))
  })
  after(async () => {
    await verifier.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A new key with a statement of its maker (WebAuthn level 3, §8.2). */
  function vouched(challenge: string, make: string, signer: KeyObject): AttestationResponse {
    const credential = randomBytes(32)
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const authData = Buffer.concat([
      createHash('sha256').update(SITE.rpId).digest(),
      Buffer.from([0x45, 0, 0, 0, 1]),
      Buffer.from(make.replaceAll('-', ''), 'hex'),
      Buffer.from([0, credential.length]),
      credential,
      coseKey(publicKey),
    ])
    const client = Buffer.from(JSON.stringify({ type: 'webauthn.create', challenge, origin: SITE.origin }))
    const signed = Buffer.concat([authData, createHash('sha256').update(client).digest()])
    // An array is the one structure that only a statement needs.
    const chain = Buffer.concat([Buffer.from([0x81]), encodeCbor(leaf)])
    const statement = Buffer.concat([
      Buffer.from([0xa3]),
      ...['alg', -7, 'sig', sign('sha256', signed, signer), 'x5c'].map((one: Cbor) => encodeCbor(one)),
      chain,
    ])
    const object = Buffer.concat([
      Buffer.from([0xa3]),
      ...['fmt', 'packed', 'attStmt'].map(encodeCbor),
      statement,
      ...['authData', authData].map((one: Cbor) => encodeCbor(one)),
    ])
    const id = credential.toString('base64url')
    const clientDataJSON = client.toString('base64url')
    const response = { clientDataJSON, attestationObject: object.toString('base64url') }
    return { id, rawId: id, type: 'public-key', response }
  }

  test('policy 3.1-c: with makes listed, only a key that its maker vouches for is taken', async () => {
    const makes = await openKeyMakes([MAKE], join(folder, 'roots.pem'))
    const challenge = 'A'.repeat(43)
    const right = await verifier.newKey(SITE, vouched(challenge, MAKE, maker.privateKey), challenge, makes)
    assert.equal(typeof right === 'string' ? right : right.aaguid, MAKE)
    const other = '0a0b0c0d-0000-4000-8000-000000000002'
    const refused = [
      vouched(challenge, other, maker.privateKey),
      vouched(challenge, MAKE, root.privateKey),
      softKey().create({ ...SITE, challenge }),
    ]
    for (const response of refused)
      assert.equal(typeof (await verifier.newKey(SITE, response, challenge, makes)), 'string')
    const strangers = { aaguids: [MAKE], roots: [pem(leaf)] }
    const foreign = vouched(challenge, MAKE, maker.privateKey)
    assert.equal(typeof (await verifier.newKey(SITE, foreign, challenge, strangers)), 'string')
  })

  test('policy 3.1-c: without makes listed, a statement that nobody vouches for is not believed', async () => {
    const challenge = 'A'.repeat(43)
    const response = vouched(challenge, MAKE, maker.privateKey)
    assert.equal(await verifier.newKey(SITE, response, challenge, undefined), 'make not accepted')
  })

  test('a file without a certificate is refused at the start', async () => {
    assert.equal(await openKeyMakes([], ''), undefined)
    await writeFile(join(folder, 'empty.pem'), 'nothing')
    await assert.rejects(openKeyMakes([MAKE], join(folder, 'empty.pem')), /holds no certificate/)
  })
})
