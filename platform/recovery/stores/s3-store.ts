import { createHash } from 'node:crypto'
import { RepositoryError, type ObjectHead } from '#backup'
import type { Clock } from '../../kernel/clock.ts'
import { laterEnd } from './folder-promise.ts'
import { objectPath, objectPrefix } from './object-path.ts'
import { connectS3, s3Refusal, type S3Bucket, type S3Connection } from './s3-client.ts'
import { s3Faults } from './s3-faults.ts'
import { firstVersion, keyVersions, type KeyVersion } from './s3-versions.ts'
import type { BackupStore } from './store.ts'

/** Which bucket holds which region's backups. */
export interface S3StoreDeps extends S3Bucket {
  readonly region: string
  readonly country: string | null
  readonly clock: Clock
}

/** How many locks a listing asks for at the same time. */
const HEADS_AT_ONCE = 32
/** How many answers about locks are remembered, so that hourly listings ask for each once. */
const LOCKS_REMEMBERED_MAX = 200_000
/** Tries of a put that met another one at the same moment. */
const CONFLICT_TRIES = 3

interface Parts {
  readonly s3: S3Connection
  readonly clock: Clock
  /** Ends of retention by key and version; they only ever grow, and what is here is asked again before a removal. */
  readonly locks: Map<string, Date | null>
}

/** A store in a bucket with Object Lock; nothing is loaded or sent before the first use. */
export function openS3Store(deps: S3StoreDeps): BackupStore {
  const parts: Parts = { s3: connectS3(deps), clock: deps.clock, locks: new Map() }
  const at = deps.endpoint === null ? `AWS ${deps.awsRegion}` : deps.endpoint.host
  return {
    region: deps.region,
    lock: 'compliance',
    place: {
      kind: 's3',
      country: deps.country,
      address: `bucket ${deps.bucket} at ${at}`,
      location: at,
      standIn: false,
    },
    put: async (path, bytes, { retainUntil }) =>
      put(parts, objectPath(path), bytes, wholeSeconds(retainUntil)),
    get: async (path) => (await readObject(parts, objectPath(path))).bytes,
    head: async (path) => head(parts, objectPath(path)),
    list: (prefix) => list(parts, objectPrefix(prefix)),
    remove: async (path) => remove(parts, objectPath(path)),
    hold: async (path, held) => hold(parts, objectPath(path), held),
    held: async (path) => (await lockOf(parts, objectPath(path)))?.held ?? false,
    refusesRemoval: async (path) => refusesRemoval(parts, objectPath(path)),
    faults: () => s3Faults(parts.s3),
    close: () => parts.s3.close(),
  }
}

/** Services keep ends of retention in seconds; it is never shorter than asked for. */
function wholeSeconds(until: Date | null): Date | null {
  return until === null ? null : new Date(Math.ceil(until.getTime() / 1000) * 1000)
}

function keyOf({ s3 }: Parts, path: string): string {
  return s3.of.prefix === '' ? path : `${s3.of.prefix}/${path}`
}

/** Every version of one key. */
async function versionsOf(parts: Parts, path: string): Promise<readonly KeyVersion[]> {
  const key = keyOf(parts, path)
  for await (const versions of keyVersions(parts.s3, key)) {
    // Keys come in order, and the key itself is the first of all that begin with it.
    if (versions[0]?.key !== key) break
    return versions
  }
  return []
}

async function originalOf(parts: Parts, path: string): Promise<KeyVersion | null> {
  return firstVersion(await versionsOf(parts, path))
}

async function put(parts: Parts, path: string, bytes: Uint8Array, until: Date | null): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const made = await putNew(parts, path, bytes, until)
      // Under a marker, and at some services in a race, a conditional put succeeds although an object is there.
      if ((await originalOf(parts, path))?.version === (made.VersionId ?? 'null')) return
      return await putAgain(parts, path, bytes, until)
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error
      const { status } = s3Refusal(error.cause)
      if (status === 412) return putAgain(parts, path, bytes, until)
      if (status !== 409 || tries === CONFLICT_TRIES) throw error
    }
  }
}

/** The client of the service takes no memory that threads share. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? Buffer.from(bytes) : bytes
}

function putNew({ s3, ...parts }: Parts, path: string, bytes: Uint8Array, until: Date | null) {
  const lock =
    until === null ? {} : ({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until } as const)
  return s3.ask(path, (client, sdk, signal) =>
    client.send(
      new sdk.PutObjectCommand({
        Bucket: s3.of.bucket,
        Key: keyOf({ s3, ...parts }, path),
        Body: unshared(bytes),
        ContentType: 'application/octet-stream',
        IfNoneMatch: '*',
        // The service compares them with what arrived.
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256: createHash('sha256').update(bytes).digest('base64'),
        ...lock,
      }),
      signal,
    ),
  )
}

/** The same bytes again: only the retention may grow. */
async function putAgain(parts: Parts, path: string, bytes: Uint8Array, until: Date | null): Promise<void> {
  const there = await readObject(parts, path)
  if (!there.bytes.equals(bytes)) throw new RepositoryError('exists', path)
  const lock = await versionLock(parts, path, there.version)
  const later = laterEnd(lock.retainUntil, until)
  if (later === null || later.getTime() === lock.retainUntil?.getTime()) return
  await parts.s3.ask(path, (client, sdk, signal) =>
    client.send(
      new sdk.PutObjectRetentionCommand({
        ...target(parts, path, there.version),
        Retention: { Mode: 'COMPLIANCE', RetainUntilDate: later },
        ChecksumAlgorithm: 'SHA256',
      }),
      signal,
    ),
  )
  parts.locks.delete(lockName(there.version))
}

function target(parts: Parts, path: string, { version }: KeyVersion) {
  return { Bucket: parts.s3.of.bucket, Key: keyOf(parts, path), VersionId: version }
}

async function readObject(parts: Parts, path: string): Promise<{ version: KeyVersion; bytes: Buffer }> {
  const version = await originalOf(parts, path)
  if (version === null) throw new RepositoryError('missing', path)
  const bytes = await parts.s3.ask(path, async (client, sdk, signal) => {
    const found = await client.send(new sdk.GetObjectCommand(target(parts, path, version)), signal)
    return Buffer.from((await found.Body?.transformToByteArray()) ?? [])
  })
  // An answer that was cut short is no object.
  if (bytes.length !== version.bytes) throw new RepositoryError('unreachable', path)
  return { version, bytes }
}

interface Lock {
  readonly retainUntil: Date | null
  readonly held: boolean
}

const lockName = ({ key, version }: KeyVersion): string => `${version} ${key}`

async function versionLock(parts: Parts, path: string, version: KeyVersion): Promise<Lock> {
  const found = await parts.s3.ask(path, (client, sdk, signal) =>
    client.send(new sdk.HeadObjectCommand(target(parts, path, version)), signal),
  )
  const retainUntil = found.ObjectLockRetainUntilDate ?? null
  if (parts.locks.size >= LOCKS_REMEMBERED_MAX) parts.locks.clear()
  parts.locks.set(lockName(version), retainUntil)
  return { retainUntil, held: found.ObjectLockLegalHoldStatus === 'ON' }
}

async function lockOf(parts: Parts, path: string): Promise<Lock | null> {
  const version = await originalOf(parts, path)
  return version === null ? null : versionLock(parts, path, version)
}

async function headOf(parts: Parts, path: string, version: KeyVersion): Promise<ObjectHead> {
  const known = parts.locks.get(lockName(version))
  const retainUntil = known === undefined ? (await versionLock(parts, path, version)).retainUntil : known
  return { path, bytes: version.bytes, storedAt: version.storedAt, retainUntil }
}

async function head(parts: Parts, path: string): Promise<ObjectHead | null> {
  const version = await originalOf(parts, path)
  if (version === null) return null
  parts.locks.delete(lockName(version))
  return headOf(parts, path, version)
}

async function* list(parts: Parts, prefix: string): AsyncGenerator<ObjectHead> {
  const cut = keyOf(parts, '').length
  let waiting: Promise<ObjectHead | null>[] = []
  for await (const versions of keyVersions(parts.s3, keyOf(parts, prefix))) {
    const version = firstVersion(versions)
    if (version === null) continue
    const path = version.key.slice(cut)
    waiting.push(headOf(parts, path, version).catch(gone))
    if (waiting.length < HEADS_AT_ONCE) continue
    yield* (await Promise.all(waiting)).filter((one) => one !== null)
    waiting = []
  }
  yield* (await Promise.all(waiting)).filter((one) => one !== null)
}

/** An object that was removed while it was being listed is not listed. */
function gone(error: unknown): null {
  if (error instanceof RepositoryError && error.code === 'missing') return null
  throw error
}

async function remove(parts: Parts, path: string): Promise<void> {
  const versions = await versionsOf(parts, path)
  const original = firstVersion(versions)
  if (original !== null) {
    const { retainUntil, held } = await versionLock(parts, path, original)
    // Policy 6.1-e. The service refuses this too; one that does not is no reason to remove it.
    if (held || (retainUntil !== null && retainUntil > parts.clock.now()))
      throw new RepositoryError('locked', path)
  }
  // The object first: while it stands, nothing that lies over it is touched.
  for (const version of versions.toReversed()) await removeVersion(parts, path, version)
}

async function removeVersion(parts: Parts, path: string, version: KeyVersion): Promise<void> {
  try {
    await parts.s3.ask(path, (client, sdk, signal) =>
      client.send(new sdk.DeleteObjectCommand(target(parts, path, version)), signal),
    )
  } catch (error) {
    const { status, name } = s3Refusal(error instanceof RepositoryError ? error.cause : error)
    if (status === 403 && name === 'AccessDenied') throw new RepositoryError('locked', path, error)
    if (!(error instanceof RepositoryError) || error.code !== 'missing') throw error
  }
  parts.locks.delete(lockName(version))
}

async function refusesRemoval(parts: Parts, path: string): Promise<boolean> {
  const original = await originalOf(parts, path)
  if (original === null) throw new RepositoryError('missing', path)
  try {
    await removeVersion(parts, path, original)
    return false
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'locked') return true
    throw error
  }
}

async function hold(parts: Parts, path: string, held: boolean): Promise<void> {
  const version = await originalOf(parts, path)
  if (version === null) throw new RepositoryError('missing', path)
  await parts.s3.ask(path, (client, sdk, signal) =>
    client.send(
      new sdk.PutObjectLegalHoldCommand({
        ...target(parts, path, version),
        LegalHold: { Status: held ? 'ON' : 'OFF' },
        ChecksumAlgorithm: 'SHA256',
      }),
      signal,
    ),
  )
}
