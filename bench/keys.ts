import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { dataKeyring, generateDataKey, openFile, openText, sealFile, sealText } from '#envelope'
import type { Figure } from './figure.ts'

const tenant = '0190d3f0-0000-7000-8000-000000000001'
const SEALS_LEAST = 75_000
const OPENS_LEAST = 140_000
const FILE_MB_LEAST = 1000
/** Different values, so that nothing is opened from a warm cache; so many are measured at once. */
const VALUES = 20_000
const VALUES_AT_ONCE = 5000
const FILE_BYTES = 16 * 1024 * 1024
const ROUNDS = 7

type Show = (figure: Figure) => void

/** The least processor time of some rounds, in seconds. */
function seconds(work: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    work()
    const spent = process.cpuUsage(before)
    return (spent.user + spent.system) / 1e6
  })
  return Math.min(...rounds)
}

/** What OpenSSL itself does on this machine, in MB a second of AES-256-GCM with pieces of this length; null without it. */
async function openssl(bytes: number): Promise<number | null> {
  const speed = ['speed', '-seconds', '1', '-bytes', String(bytes), '-evp', 'aes-256-gcm']
  const out = await promisify(execFile)('openssl', speed).catch(() => null)
  const rate = /AES-256-GCM\s+([\d.]+)k/i.exec(out?.stdout ?? '')?.[1]
  return rate === undefined ? null : Number(rate) / 1000
}

/** Fields of 1 KB and files of 16 MB by processor time, beside their limits and `openssl speed`. */
export async function keys(show: Show): Promise<void> {
  const field = fields()
  const file = files()
  const perValue = await openssl(1024)
  const perChunk = await openssl(16_384)
  const limit = (value: number): Figure['beside'] => ({ kind: 'limit', value })
  const beside = (value: number | null): Figure['beside'] =>
    value === null ? { kind: 'none' } : { kind: 'peer', name: 'openssl speed', value }
  const megabytes = (perSecond: number): number => (perSecond * 1024) / 1e6
  show({ what: 'field seal, 1 KB', ours: megabytes(field.seals), unit: 'MB/CPU-s', beside: beside(perValue) })
  show({ what: 'field open, 1 KB', ours: megabytes(field.opens), unit: 'MB/CPU-s', beside: beside(perValue) })
  show({ what: 'file seal, 16 MB', ours: file.seal, unit: 'MB/CPU-s', beside: beside(perChunk) })
  show({ what: 'file open, 16 MB', ours: file.open, unit: 'MB/CPU-s', beside: beside(perChunk) })
  // A limit is the most that a figure may be, so these are times.
  const micros = (perSecond: number): number => 1e6 / perSecond
  show({
    what: 'one field sealed',
    ours: micros(field.seals),
    unit: 'µs',
    beside: limit(micros(SEALS_LEAST)),
  })
  show({
    what: 'one field opened',
    ours: micros(field.opens),
    unit: 'µs',
    beside: limit(micros(OPENS_LEAST)),
  })
  const millis = (rate: number): number => 1e6 / rate
  show({
    what: 'a file of 1 GB sealed',
    ours: millis(file.seal),
    unit: 'ms',
    beside: limit(millis(FILE_MB_LEAST)),
  })
  show({
    what: 'a file of 1 GB opened',
    ours: millis(file.open),
    unit: 'ms',
    beside: limit(millis(FILE_MB_LEAST)),
  })
}

/** Seals and opens a second. */
function fields(): { readonly seals: number; readonly opens: number } {
  const keyring = dataKeyring({ tenant, current: 1, keys: new Map([[1, generateDataKey()]]) })
  const text = 'a'.repeat(1024)
  const placeOf = (row: number) => ({
    tenant,
    table: 'message',
    column: 'body',
    row: `0190d3f0-0000-7000-8000-${row}`,
  })
  const places = Array.from({ length: VALUES }, (_, row) => placeOf(row))
  const sealed = places.map((place) => sealText(keyring, place, text))
  // A short part is measured often: what the machine does meanwhile lengthens most of them, and not every one.
  const least = (work: (from: number, to: number) => void): number =>
    Math.min(
      ...Array.from({ length: VALUES / VALUES_AT_ONCE }, (_, part) =>
        seconds(() => work(part * VALUES_AT_ONCE, (part + 1) * VALUES_AT_ONCE)),
      ),
    )
  const seal = least((from, to) => {
    for (const place of places.slice(from, to)) sealText(keyring, place, text)
  })
  const open = least((from, to) => {
    for (let at = from; at < to; at++)
      openText(keyring, places[at] ?? placeOf(at), sealed[at] ?? Buffer.alloc(0))
  })
  return { seals: VALUES_AT_ONCE / seal, opens: VALUES_AT_ONCE / open }
}

/** Megabytes a second. */
function files(): { readonly seal: number; readonly open: number } {
  const key = generateDataKey()
  const context = Buffer.from('sample')
  const bytes = Buffer.alloc(FILE_BYTES, 7)
  const sealed = sealFile(key, context, bytes)
  const rate = (work: () => unknown): number => FILE_BYTES / 1e6 / seconds(work)
  return {
    seal: rate(() => sealFile(key, context, bytes)),
    open: rate(() => openFile([key], context, sealed)),
  }
}
