import { createHash, type KeyObject } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { createZstdCompress } from 'node:zlib'
import type pg from 'pg'
import { canonicalContext, keyFingerprint, sealStream } from '#envelope'
import type { Audit } from '../audit/index.ts'
import type { Database } from '../db/index.ts'
import {
  openBackupKey,
  requireApart,
  requireOffered,
  type KeyRoot,
  type Keyring,
} from '../encryption/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Actor } from '../kernel/event.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import {
  asUnwritable,
  backupsFolder,
  copyLedger,
  filesBelow,
  ledgerFolder,
  makeWorkFolder,
  newName,
  publishBackup,
  SEALED_FILE,
} from './backup-files.ts'
import { entryFrames } from './container.ts'
import { dependencyOrder } from './dependency-order.ts'
import {
  beginSnapshot,
  whileUnpublished,
  connectForCopy,
  copyOut,
  hangUp,
  migrations,
  rollback,
  sequences,
  tables,
  takeBackupLock,
} from './copy-queries.ts'
import { openTally, type Contents, type Header, type Manifest } from './manifest.ts'
import { insertBackup } from './queries.ts'

/** What making backups needs. */
export interface BackupParts {
  readonly db: Database
  readonly databaseUrl: string
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly keyring: Keyring
  readonly root: KeyRoot
  /** Where `backup.key` is, made at the first backup. */
  readonly keysFolder: string
  readonly varFolder: string
}

/** The system itself as the one who does something to backups. */
export const RECOVERY: Actor = { kind: 'system', id: 'recovery' }

/** What the seal of a backup is bound to: its name and its moment. */
export function backupContext(of: Pick<Manifest, 'name' | 'takenAt'>): Buffer {
  return canonicalContext(['surety.backup/1', of.name, of.takenAt])
}

/**
 * Makes a backup of every table and of the ledger as they are at one moment. It appears whole or not at all. Throws
 * `recovery.key-shared`, `recovery.unwritable`, and `resource.conflict` while another one is being made. Policy 6.1-a.
 */
export async function makeBackup(parts: BackupParts, actor: Actor = RECOVERY): Promise<Manifest> {
  requireOffered(parts.policy)
  const key = await openBackupKey(parts.keysFolder)
  await requireApart(parts.keyring, parts.root, key)
  const client = await connectForCopy(parts.databaseUrl)
  try {
    if (!(await takeBackupLock(client)))
      throw new Problem('resource.conflict', 'A backup is being made at this moment.')
    const manifest = await writeBackup(parts, client, key)
    await parts.db.transaction().execute((tx) => noteBackup(tx, parts.audit, manifest, actor))
    return manifest
  } finally {
    hangUp(client)
  }
}

/** Notes a backup that lies in the folder, and records it unless it was known. */
export async function noteBackup(
  tx: Database,
  audit: Pick<Audit, 'record'>,
  manifest: Manifest,
  actor: Actor,
): Promise<void> {
  const { name, takenAt, keyFingerprint: key, sealedBytes, tables: count, rows } = manifest
  const made = { name, taken_at: new Date(takenAt), bytes: sealedBytes, key_fingerprint: key }
  if (!(await insertBackup(tx, { ...made, tables: count, row_count: rows }))) return
  await audit.record(tx, {
    type: 'backup.made',
    tenant: null,
    actor,
    target: { kind: 'backup', id: name },
    outcome: 'success',
    details: { bytes: sealedBytes, tables: count, rows, key, sha256: manifest.sealedSha256 },
    request: null,
  })
}

async function writeBackup(parts: BackupParts, client: pg.Client, key: KeyObject): Promise<Manifest> {
  const at = parts.clock.now()
  const named = { name: newName(at), takenAt: at.toISOString() }
  const folder = backupsFolder(parts.varFolder)
  let work: string | undefined
  try {
    work = await makeWorkFolder(folder, named.name)
    const ledger = join(work, 'ledger')
    await takeSnapshot(client, ledgerFolder(parts.varFolder), ledger)
    const contents: Contents = {
      tables: [],
      sequences: await sequences(client),
      migrations: await migrations(client),
      ledger: [],
    }
    const sealed = await writeSealed(key, named, entries(client, ledger, contents), work)
    await rollback(client)
    await rm(ledger, { recursive: true, force: true })
    const manifest: Manifest = {
      format: 1,
      ...named,
      keyFingerprint: keyFingerprint(key),
      ...sealed,
      tables: contents.tables.length,
      rows: contents.tables.reduce((sum, one) => sum + one.rows, 0),
      ledgerFiles: contents.ledger.length,
    }
    await publishBackup(folder, work, manifest)
    return manifest
  } catch (error) {
    if (work !== undefined) await rm(work, { recursive: true, force: true })
    throw asUnwritable(error)
  }
}

/** How often, and after which pause, the moment is sought at which files and database show the same ledger. */
const SNAPSHOT_TRIES = 100
const SNAPSHOT_PAUSE_MS = 50

/**
 * One moment of the database and of the ledger's files, sought while nobody publishes; tried again after a publisher
 * died between the two, until the next one has made it good.
 */
async function takeSnapshot(client: pg.Client, ledger: string, copy: string): Promise<void> {
  for (let tried = 0; tried < SNAPSHOT_TRIES; tried++) {
    const taken = await whileUnpublished(client, async () => {
      const checkpoint = await beginSnapshot(client)
      if (await copyLedger(ledger, copy, checkpoint)) return true
      await rollback(client)
      return false
    })
    if (taken) return
    await pause(SNAPSHOT_PAUSE_MS)
  }
  throw new Error('the ledger and the database could not be seen at one moment')
}

/** Everything that is sealed: ledger files, tables in an order in which they can be copied back, and at last what all of it is; fills `contents` as it goes. */
async function* entries(client: pg.Client, ledger: string, contents: Contents): AsyncGenerator<Buffer> {
  for (const path of await filesBelow(ledger)) {
    const tally = openTally()
    const header: Header = { kind: 'ledger', path }
    yield* entryFrames(header, tally.through(createReadStream(join(ledger, path))))
    const { bytes, sha256 } = tally.result()
    contents.ledger.push({ path, bytes, sha256 })
  }
  for (const { schema, table, columns, key } of dependencyOrder(await tables(client))) {
    const tally = openTally()
    const header: Header = { kind: 'table', schema, table }
    yield* entryFrames(header, tally.through(copyOut(client, { schema, table, columns, key })))
    const { bytes, lines, sha256 } = tally.result()
    contents.tables.push({
      schema,
      table,
      columns: [...columns],
      key: [...key],
      rows: lines,
      bytes,
      sha256,
    })
  }
  const last: Header = { kind: 'contents', contents }
  yield* entryFrames(last, Readable.from([]))
}

async function writeSealed(
  key: KeyObject,
  named: Pick<Manifest, 'name' | 'takenAt'>,
  frames: AsyncIterable<Buffer>,
  work: string,
): Promise<Pick<Manifest, 'sealedBytes' | 'sealedSha256'>> {
  const hash = createHash('sha256')
  let sealedBytes = 0
  const counted = new Transform({
    transform: (bytes: Buffer, _encoding, done) => {
      hash.update(bytes)
      sealedBytes += bytes.length
      done(null, bytes)
    },
  })
  const file = createWriteStream(join(work, SEALED_FILE), { flags: 'wx', mode: 0o600, flush: true })
  const sealing = sealStream(key, backupContext(named))
  await pipeline(Readable.from(frames, { objectMode: false }), createZstdCompress(), sealing, counted, file)
  return { sealedBytes, sealedSha256: hash.digest('hex') }
}
