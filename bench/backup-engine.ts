import { execFile } from 'node:child_process'
import { createCipheriv, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import {
  extractArchive,
  openRepository,
  type ObjectStore,
  type Repository,
  type RepositoryOptions,
} from '#backup'
import { noteSigner } from '#ledger'
import { ageOpener, ageWrapper } from '../platform/recovery/wraps/index.ts'
import type { Figure } from './figure.ts'

const run = promisify(execFile)
const FILE_BYTES = 64 * 2 ** 20
const FILES = 8
const EPOCHS = 90 * 24
/** Of which so many are wrapped; each costs the same. */
const WRAPPED = 120

/** Sealing and opening backups, beside a plain copy of the same bytes and `openssl speed`. */
export async function backupEngine(show: (figure: Figure) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'surety-bench-'))
  try {
    const archive = sampleArchive()
    const megabytes = archive.reduce((sum, { length }) => sum + length, 0) / 1e6
    const copySeconds = await timed(() => plainCopy(archive, folder))
    const peer = { kind: 'peer', name: 'plain copy', value: megabytes / copySeconds.wall } as const
    const objects = new Map<string, number>()
    const repository = openSample(objects, folder)
    const sealing = await timed(() => backUp(repository, archive))
    const stored = [...objects.values()].reduce((sum, bytes) => sum + bytes, 0) / 1e6
    show({
      what: 'full backup, zstd and sealed, to a folder',
      ours: megabytes / sealing.wall,
      unit: 'MB/s',
      beside: peer,
    })
    show({
      what: '  processor time',
      ours: (sealing.processor * 1000) / megabytes,
      unit: 's/GB',
      beside: { kind: 'limit', value: 5.5 },
    })
    show({ what: '  stored of plain', ours: (100 * stored) / megabytes, unit: '%', beside: { kind: 'none' } })
    const into = join(folder, 'data')
    const opening = await timed(() => restore(repository, into))
    show({
      what: 'restore, opened and unpacked into files',
      ours: megabytes / opening.wall,
      unit: 'MB/s',
      beside: peer,
    })
    show({
      what: '  processor time',
      ours: (opening.processor * 1000) / megabytes,
      unit: 's/GB',
      beside: { kind: 'none' },
    })
    await showWraps(show, folder)
    await showCipher(show)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Spent {
  readonly wall: number
  readonly processor: number
}

async function timed(work: () => Promise<unknown>): Promise<Spent> {
  const before = process.cpuUsage()
  const began = performance.now()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { wall: (performance.now() - began) / 1000, processor: (user + system) / 1e6 }
}

/** Tar chunks as a server sends them; half of every page is ciphertext, as in a table of sealed columns. */
function sampleArchive(): Buffer[] {
  const chunks: Buffer[] = []
  for (let file = 0; file < FILES; file++) {
    const bytes = Buffer.alloc(FILE_BYTES)
    for (let page = 0; page < FILE_BYTES; page += 8192) {
      randomBytes(4096).copy(bytes, page)
      for (let row = 4096; row < 8192; row += 64)
        bytes.write(`row ${page + row} of sample table, state open, `, page + row, 'latin1')
    }
    chunks.push(tarHeader(`base/1/${file}`, FILE_BYTES))
    for (let at = 0; at < FILE_BYTES; at += 32_768) chunks.push(bytes.subarray(at, at + 32_768))
  }
  return [...chunks, Buffer.alloc(1024)]
}

function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write('0000600\0', 100)
  header.write(bytes.toString(8).padStart(11, '0'), 124)
  header.write('        0ustar\u000000', 148)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return header
}

async function plainCopy(archive: readonly Buffer[], folder: string): Promise<void> {
  const size = 512
  for (let at = 0; at < archive.length; at += size)
    await writeFile(join(folder, `copy-${at}`), Buffer.concat(archive.slice(at, at + size)))
}

/** A store in one folder, without waiting for the disk, like the plain copy beside it. */
function openSample(
  objects: Map<string, number>,
  folder: string,
  more: Partial<RepositoryOptions> = {},
): Repository {
  const fileOf = (path: string): string => join(folder, path.replaceAll('/', '+'))
  const store: ObjectStore = {
    region: 'sample',
    lock: 'promised',
    put: async (path, bytes) => {
      objects.set(path, bytes.length)
      await writeFile(fileOf(path), bytes)
    },
    get: (path) => readFile(fileOf(path)),
    head: (path) => {
      const bytes = objects.get(path)
      return Promise.resolve(
        bytes === undefined ? null : { path, bytes, storedAt: new Date(0), retainUntil: null },
      )
    },
    list: async function* list(prefix) {
      for (const [path, bytes] of objects)
        if (path.startsWith(prefix)) yield { path, bytes, storedAt: new Date(0), retainUntil: null }
    },
    remove: (path) => Promise.resolve(void objects.delete(path)),
  }
  const signer = noteSigner('bench/backup', generateKeyPairSync('ed25519').privateKey)
  return openRepository({
    system: '1',
    stores: [store],
    verifiers: [signer.verifierKey],
    signer,
    wrapper: { recipients: [], wrap: (secret) => Promise.resolve(Buffer.from(secret)) },
    opener: { open: (wrapped) => Promise.resolve(Buffer.from(wrapped)) },
    clock: { now: () => new Date() },
    retention: () => ({ keepSeconds: 1, graceSeconds: 1, tailSeconds: 1, filePeriodSeconds: 1 }),
    ...more,
  })
}

async function backUp(repository: Repository, archive: readonly Buffer[]): Promise<void> {
  const writer = await repository.startBackup({ kind: 'full', parent: null })
  const pieces = writer.archive('base.tar')
  for (const [at, chunk] of archive.entries()) {
    await pieces.write(chunk)
    // What arrives from a server leaves room for other work in between.
    if (at % 64 === 0) await new Promise(setImmediate)
  }
  await pieces.end()
  const facts = { driver: 'replication', startLsn: '0/0', endLsn: '0/0', timeline: 1, serverVersion: 180_000 }
  await writer.finish({ ...facts, databaseManifest: Buffer.from('{}') })
}

async function restore(repository: Repository, folder: string): Promise<void> {
  const [found] = (await repository.backups()).backups
  if (found === undefined) throw new Error('the backup is not there')
  await extractArchive(repository.readArchive(found.manifest, 'base.tar'), { folder, onto: false })
}

/** Ninety days of hourly epochs wrapped to another recovery key and another escrow key, both post-quantum hybrids. */
async function showWraps(show: (figure: Figure) => void, folder: string): Promise<void> {
  const [before, next, escrow] = await Promise.all([1, 2, 3].map(() => generateHybridIdentity()))
  if (before === undefined || next === undefined || escrow === undefined) throw new Error('no keys were made')
  const opener = await ageOpener([before])
  let hour = 0
  const repository = openSample(new Map(), folder, {
    wrapper: await ageWrapper([await identityToRecipient(before)]),
    clock: { now: () => new Date(Date.UTC(2026, 0, 1, hour)) },
  })
  for (; hour < WRAPPED; hour++) await repository.putObject(`1/sample/${hour}`, Buffer.alloc(1))
  const wrapper = await ageWrapper([await identityToRecipient(next), await identityToRecipient(escrow)])
  const { wall } = await timed(() => repository.rewrapEpochs({ opener, wrapper }))
  show({
    what: `wraps of ${EPOCHS} epochs rotated (from ${WRAPPED})`,
    ours: (wall * EPOCHS) / WRAPPED,
    unit: 's',
    beside: { kind: 'limit', value: 60 },
  })
}

/** The cipher alone, in Node by pieces of 16 KiB and in `openssl speed` where that is installed. */
async function showCipher(show: (figure: Figure) => void): Promise<void> {
  const key = createSecretKey(randomBytes(32))
  const piece = randomBytes(16_384)
  const rounds = 20_000
  const { processor } = await timed(() => {
    for (let at = 0; at < rounds; at++) {
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12, at))
      cipher.update(piece)
      cipher.final()
    }
    return Promise.resolve()
  })
  const options = ['speed', '-mr', '-seconds', '1', '-bytes', '16384', '-evp', 'aes-256-gcm']
  const said = await run('openssl', options).catch(() => ({ stdout: '' }))
  const openssl = Number(/^\+F:[^:]*:[^:]*:([\d.]+)$/m.exec(said.stdout)?.[1]) / 1e6
  show({
    what: 'AES-256-GCM by 16 KiB, of processor time',
    ours: (rounds * piece.length) / 1e6 / processor,
    unit: 'MB/s',
    beside: Number.isNaN(openssl)
      ? { kind: 'none' }
      : { kind: 'peer', name: 'openssl speed', value: openssl },
  })
}
