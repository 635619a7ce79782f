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
} from '#envelope'
import type { Figure } from './figure.ts'

const tenant = '0190d3f0-0000-7000-8000-000000000001'
const place = { tenant, table: 'message', column: 'body', row: '0190d3f0-0000-7000-8000-000000000002' }
const STREAM_BYTES = 128 * 1024 * 1024
const PIECE_BYTES = 16_384
const ROUNDS = 25

type Show = (figure: Figure) => void

/** Sealing and opening in processor time, beside plain AES-256-GCM of the same runtime. */
export async function envelope(show: Show): Promise<void> {
  fields(show)
  keys(show)
  await files(show)
}

/** The best of many short rounds, in processor microseconds a call: what else the machine does lengthens some of them. */
function microseconds(calls: number, work: () => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    for (let call = 0; call < calls; call += 1) work()
    const spent = process.cpuUsage(before)
    return (spent.user + spent.system) / calls
  })
  return Math.min(...rounds)
}

function plainGcm(bytes: Uint8Array): () => unknown {
  const key = createSecretKey(randomBytes(32))
  return () => {
    const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
    return [cipher.update(bytes), cipher.final(), cipher.getAuthTag()]
  }
}

function fields(show: Show): void {
  const keyring = dataKeyring({ tenant, current: 1, keys: new Map([[1, generateDataKey()]]) })
  for (const length of [64, 1024, 65_536]) {
    const text = 'a'.repeat(length)
    const sealed = sealText(keyring, place, text)
    const calls = length > 10_000 ? 1000 : 4000
    const value = microseconds(calls, plainGcm(Buffer.from(text)))
    const beside = { kind: 'peer', name: 'plain GCM seal', value } as const
    const figure = (what: string, work: () => unknown): void =>
      show({ what: `${what}, ${length} B`, ours: microseconds(calls, work), unit: 'µs', beside })
    figure('field seal', () => sealText(keyring, place, text))
    figure('field open', () => openText(keyring, place, sealed))
  }
}

function keys(show: Show): void {
  const key = generateDataKey()
  const label = { tenant, purpose: 'data', version: 1 }
  const index = blindIndex(generateDataKey(), { tenant, purpose: 'contact.phone' })
  const wrapped = wrapKey(key, label, key)
  const figure = (what: string, calls: number, work: () => unknown): void =>
    show({ what, ours: microseconds(calls / 5, work), unit: 'µs', beside: { kind: 'none' } })
  figure('blind index, 16 B', 20_000, () => index('+12025550100'))
  figure('key wrap', 5000, () => wrapKey(key, label, key))
  figure('key unwrap', 5000, () => unwrapKey(key, label, wrapped))
}

/** Megabytes a processor second through a pipeline of 64 KiB pieces, the best of three. */
async function streamed(bytes: Buffer, through: () => NodeJS.ReadWriteStream): Promise<number> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, at) =>
    bytes.subarray(at * 65_536, (at + 1) * 65_536),
  )
  const rates: number[] = []
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage()
    const sink = new Writable({ write: (_bytes, _encoding, done) => done() })
    await pipeline(Readable.from(pieces), through(), sink)
    const spent = process.cpuUsage(before)
    rates.push(bytes.length / (spent.user + spent.system))
  }
  return Math.max(...rates)
}

async function files(show: Show): Promise<void> {
  const key = generateDataKey()
  const context = canonicalContext(['file', tenant, 'sample'])
  const bytes = randomBytes(STREAM_BYTES)
  const sealed = sealFile(key, context, bytes)
  const value = PIECE_BYTES / microseconds(2000, plainGcm(bytes.subarray(0, PIECE_BYTES)))
  const beside = { kind: 'peer', name: 'plain GCM in 16 KiB pieces', value } as const
  const figure = (what: string, ours: number): void => show({ what, ours, unit: 'MB/s', beside })
  figure('stream seal, 128 MiB', await streamed(bytes, () => sealStream(key, context)))
  figure('stream open, 128 MiB', await streamed(sealed, () => openStream([key], context)))
  const whole = bytes.subarray(0, 1024 * 1024)
  const sealedWhole = sealFile(key, context, whole)
  const rate = (work: () => unknown): number => whole.length / microseconds(20, work)
  figure(
    'file seal in memory, 1 MiB',
    rate(() => sealFile(key, context, whole)),
  )
  figure(
    'file open in memory, 1 MiB',
    rate(() => openFile([key], context, sealedWhole)),
  )
}
