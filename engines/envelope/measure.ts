/** Prints what sealing costs here beside plain AES-256-GCM of the same runtime: `node engines/envelope/measure.ts`. */
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  blindIndex,
  canonicalContext,
  dataKeyring,
  generateDataKey,
  openFile,
  openStream,
  openText,
  sealFile,
  sealStream,
  sealText,
  unwrapKey,
  wrapKey,
} from './index.ts'

const tenant = '0190d3f0-0000-7000-8000-000000000001'
const place = { tenant, table: 'message', column: 'body', row: '0190d3f0-0000-7000-8000-000000000002' }
const key = generateDataKey()
const keyring = dataKeyring({ tenant, current: 1, keys: new Map([[1, key]]) })
const index = blindIndex(generateDataKey(), { tenant, purpose: 'contact.phone' })
const label = { tenant, purpose: 'data', version: 1 }
const context = canonicalContext(['file', tenant, 'sample'])

/** The best of five rounds, in processor microseconds a call. */
function microseconds(calls: number, work: () => unknown): number {
  const rounds = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    for (let call = 0; call < calls; call++) work()
    const spent = process.cpuUsage(before)
    return (spent.user + spent.system) / calls
  })
  return Math.min(...rounds)
}

function print(what: string, figure: number, unit: string, beside: string) {
  console.log(
    `${what.padEnd(34)} ${figure.toFixed(unit === 'MB/s' ? 0 : 1).padStart(8)} ${unit.padEnd(5)} ${beside}`,
  )
}

function plainGcm(bytes: Uint8Array): () => unknown {
  const gcmKey = createSecretKey(randomBytes(32))
  return () => {
    const cipher = createCipheriv('aes-256-gcm', gcmKey, randomBytes(12))
    return [cipher.update(bytes), cipher.final(), cipher.getAuthTag()]
  }
}

function fields() {
  for (const length of [64, 1024, 65_536]) {
    const text = 'a'.repeat(length)
    const envelope = sealText(keyring, place, text)
    const calls = length > 10_000 ? 3_000 : 20_000
    const plain = microseconds(calls, plainGcm(Buffer.from(text)))
    const beside = `target 50; plain GCM seal ${plain.toFixed(1)} µs`
    print(
      `field seal, ${length} B`,
      microseconds(calls, () => sealText(keyring, place, text)),
      'µs',
      beside,
    )
    print(
      `field open, ${length} B`,
      microseconds(calls, () => openText(keyring, place, envelope)),
      'µs',
      beside,
    )
  }
}

function keys() {
  const wrapped = wrapKey(key, label, key)
  print(
    'blind index, 16 B',
    microseconds(20_000, () => index('+15550100000000')),
    'µs',
    '',
  )
  print(
    'key wrap',
    microseconds(5_000, () => wrapKey(key, label, key)),
    'µs',
    '',
  )
  print(
    'key unwrap',
    microseconds(5_000, () => unwrapKey(key, label, wrapped)),
    'µs',
    '',
  )
}

/** Megabytes a processor second through a pipeline of 64 KiB pieces. */
async function streamed(bytes: Buffer, through: () => NodeJS.ReadWriteStream): Promise<number> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) =>
    bytes.subarray(at * 65_536, (at + 1) * 65_536),
  )
  const before = process.cpuUsage()
  const sink = new Writable({ write: (_bytes, _encoding, done) => done() })
  await pipeline(Readable.from(pieces), through(), sink)
  const spent = process.cpuUsage(before)
  return bytes.length / (spent.user + spent.system)
}

async function files() {
  const bytes = randomBytes(256 * 1024 * 1024)
  const sealed = sealFile(key, context, bytes)
  const plain = plainGcm(bytes.subarray(0, 16_384))
  const beside = `target 1000; plain GCM in 16 KiB pieces ${(16_384 / microseconds(20_000, plain)).toFixed(0)} MB/s`
  const best = async (data: Buffer, through: () => NodeJS.ReadWriteStream) => {
    const rounds: number[] = []
    for (let round = 0; round < 3; round++) rounds.push(await streamed(data, through))
    return Math.max(...rounds)
  }
  print('stream seal, 256 MiB', await best(bytes, () => sealStream(key, context)), 'MB/s', beside)
  print('stream open, 256 MiB', await best(sealed, () => openStream([key], context)), 'MB/s', beside)
  const whole = bytes.subarray(0, 1024 * 1024)
  const sealedWhole = sealFile(key, context, whole)
  const rate = (work: () => unknown) => whole.length / microseconds(200, work)
  print(
    'file seal in memory, 1 MiB',
    rate(() => sealFile(key, context, whole)),
    'MB/s',
    beside,
  )
  print(
    'file open in memory, 1 MiB',
    rate(() => openFile([key], context, sealedWhole)),
    'MB/s',
    beside,
  )
}

fields()
keys()
await files()
