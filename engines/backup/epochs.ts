import { createSecretKey, hkdfSync, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { headReader, readDocument, writeDocument } from './document.ts'
import { RepositoryError, type ObjectStore, type SecretOpener } from './model.ts'
import type { EpochSecret } from './object-format.ts'
import { repositoryPaths, type RepositoryPaths } from './paths.ts'
import type { Reader } from './reader.ts'
import type { Receipt, Regions } from './regions.ts'
import type { RepositoryOptions } from './repository-model.ts'

const kind = 'epoch'
const secretBytes = 32
const openedMax = 256

/** What the note of an epoch says; the fingerprint is of its secret, hexadecimal. */
export interface EpochNote {
  readonly system: string
  readonly id: string
  readonly createdAt: string
  readonly fingerprint: string
}

/** An epoch made by this process, with the receipts of its wrap and its note: a region that lacks them can read nothing of it. */
export interface OwnEpoch extends EpochSecret {
  readonly receipts: readonly Receipt[]
}

/** The epochs of a repository: the newest to write under, any to read with the opener. */
export interface Epochs {
  /** Made anew when the last is older than an hour; every caller that asks meanwhile gets the same. */
  current(): Promise<OwnEpoch>
  /** Throws `no-key` without an opener or a private key that fits; `foreign` when the secret is not the one of the note. */
  open(id: string): Promise<EpochSecret>
  /** Opens it anew from one region alone, and refuses any wrap there that holds another secret. */
  verify(id: string, region: string): Promise<EpochSecret>
  /** The signed note. */
  note(id: string, region?: string): Promise<EpochNote>
}

/** A number that sorts by time: 48 bits of milliseconds and 80 random ones, 32 hexadecimal digits. */
function epochId(now: Date): string {
  return now.getTime().toString(16).padStart(12, '0') + randomBytes(10).toString('hex')
}

/** When an epoch of this number was made. */
export function epochMoment(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 12), 16))
}

/** Tells two secrets apart without telling either: HKDF-SHA-256 of the secret for its system and number. */
export function epochFingerprint(system: string, id: string, secret: KeyObject): string {
  const info = Buffer.from(`surety backup epoch 1\0${system}\0${id}`)
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32)).toString('hex')
}

/** Opens the epochs of a repository; secrets of other times than this process's own are kept for its life only as they are asked for. */
export function openEpochs(options: RepositoryOptions, regions: Regions, reader: Reader): Epochs {
  const paths = repositoryPaths(options.system)
  const opened = new Map<string, Promise<EpochSecret>>()
  const seconds = options.epochSeconds ?? 3600
  let current: { readonly since: number; readonly epoch: Promise<OwnEpoch> } | undefined

  const note = async (id: string, region?: string): Promise<EpochNote> => {
    const path = paths.epochNote(id)
    const page = (name: string): Promise<Buffer> => reader.get(name, region)
    const document = await readDocument(options.verifiers, kind, path, await reader.get(path, region), page)
    if (document.rows.length > 0) throw new RepositoryError('damaged', path)
    return readNote(options.system, id, path, document.head)
  }
  const open = async (id: string, region?: string): Promise<EpochSecret> => {
    const { opener, system } = options
    if (opener === undefined) throw new RepositoryError('no-key', paths.epochNote(id))
    const { fingerprint } = await note(id, region)
    return openSidecar({ opener, reader, system, id, fingerprint, region, strict: region !== undefined })
  }
  return {
    note,
    open: (id) => remembered(opened, id, () => open(id)),
    verify: open,
    current: () => {
      const now = options.clock.now().getTime()
      if (current !== undefined && now - current.since < seconds * 1000) return current.epoch
      const epoch = makeEpoch(options, regions, paths)
      const made = { since: now, epoch }
      current = made
      epoch.catch(() => {
        // The next write tries again.
        if (current === made) current = undefined
      })
      return epoch
    },
  }
}

function remembered(
  opened: Map<string, Promise<EpochSecret>>,
  id: string,
  open: () => Promise<EpochSecret>,
): Promise<EpochSecret> {
  const known = opened.get(id)
  if (known !== undefined) return known
  const opening = open()
  opened.set(id, opening)
  opening.catch(() => opened.delete(id))
  const [oldest] = opened.keys()
  if (opened.size > openedMax && oldest !== undefined) opened.delete(oldest)
  return opening
}

async function makeEpoch(
  options: RepositoryOptions,
  regions: Regions,
  paths: RepositoryPaths,
): Promise<OwnEpoch> {
  const { signer, wrapper } = options
  const now = options.clock.now()
  const id = epochId(now)
  if (signer === undefined || wrapper === undefined) throw new RepositoryError('no-key', paths.epochNote(id))
  const bytes = randomBytes(secretBytes)
  const secret = createSecretKey(bytes)
  const wrapped = await wrapper.wrap(bytes)
  bytes.fill(0)
  const retainUntil = epochLock(options, now)
  // The wrap is there before anything that needs it; only the note makes it an epoch.
  const wrap = await regions.put(paths.sidecar(id, 1), wrapped, retainUntil)
  const fingerprint = epochFingerprint(options.system, id, secret)
  const head = headText({ system: options.system, id, createdAt: now.toISOString(), fingerprint })
  const { note } = writeDocument(signer, kind, paths.epochNote(id), { head, rows: [] })
  return { id, secret, receipts: [wrap, await regions.put(paths.epochNote(id), note, retainUntil)] }
}

/** Until when the wraps and the note of an epoch are locked: as long as a file may be that was stored under it. */
export function epochLock(options: RepositoryOptions, from: Date): Date {
  const { keepSeconds, graceSeconds, filePeriodSeconds } = options.retention()
  return new Date(from.getTime() + (keepSeconds + graceSeconds + filePeriodSeconds) * 1000)
}

function headText({ system, id, createdAt, fingerprint }: EpochNote): string {
  return JSON.stringify({ format: 1, system, id, createdAt, fingerprint })
}

function readNote(system: string, id: string, path: string, text: string): EpochNote {
  const head = headReader(path, text)
  if (head.text('system', /^[0-9]{1,20}$/) !== system || head.text('id', /^[0-9a-f]{32}$/) !== id)
    throw new RepositoryError('foreign', path)
  const note: EpochNote = {
    system,
    id,
    createdAt: head.moment('createdAt'),
    fingerprint: head.text('fingerprint', /^[0-9a-f]{64}$/),
  }
  head.requireSame(headText(note))
  return note
}

interface SidecarRequest {
  readonly opener: SecretOpener
  readonly reader: Reader
  readonly system: string
  readonly id: string
  readonly fingerprint: string
  readonly region?: string | undefined
  /** Whether a wrap of another secret is refused although one that is right is there too. */
  readonly strict?: boolean
}

/** Tries the newest wrap first: one that does not open, or holds another secret, hides none that is right. */
export async function openSidecar(request: SidecarRequest): Promise<EpochSecret> {
  const { opener, reader, system, id, region } = request
  const paths = repositoryPaths(system)
  const names = (await reader.names(paths.sidecars(id), region)).filter(
    (path) => sidecarVersion(path) !== null,
  )
  const refusals: unknown[] = []
  let found: KeyObject | undefined
  for (const path of names.toReversed()) {
    if (found !== undefined && request.strict !== true) break
    try {
      found = openOne(request, path, await opener.open(await reader.get(path, region), path))
    } catch (error) {
      // An older wrap to keys that are no longer held is none of a forger.
      if (found === undefined || !isNoKey(error)) refusals.push(error)
    }
  }
  if (found !== undefined && (request.strict !== true || refusals.every(isNoKey)))
    return { id, secret: found }
  throw refusals[0] ?? new RepositoryError('missing', paths.sidecar(id, 1))
}

function isNoKey(error: unknown): boolean {
  return error instanceof RepositoryError && error.code === 'no-key'
}

function openOne(request: SidecarRequest, path: string, bytes: Buffer): KeyObject {
  if (bytes.length !== secretBytes) throw new RepositoryError('foreign', path)
  const secret = createSecretKey(bytes)
  bytes.fill(0)
  const fingerprint = Buffer.from(epochFingerprint(request.system, request.id, secret), 'hex')
  if (!timingSafeEqual(fingerprint, Buffer.from(request.fingerprint, 'hex')))
    throw new RepositoryError('foreign', path)
  return secret
}

/** The version of a wrap by its path, or null for another object. */
export function sidecarVersion(path: string): number | null {
  const digits = /\/([0-9]{4,6})\.age$/.exec(path)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** The epochs of which a note is in these stores. */
export async function epochIds(stores: readonly ObjectStore[], paths: RepositoryPaths): Promise<string[]> {
  const ids = new Set<string>()
  for (const store of stores)
    for await (const { path } of store.list(paths.epochs)) {
      const [, id] = /\/epochs\/([0-9a-f]{32})\/epoch\.note$/.exec(path) ?? []
      if (id !== undefined) ids.add(id)
    }
  return [...ids].toSorted()
}
