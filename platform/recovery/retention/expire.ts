import { createHash } from 'node:crypto'
import { RepositoryError, type LegalHold, type ObjectHead, type Repository } from '#backup'
import type { NoteSigner } from '#ledger'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { backupRetention } from '../parameters.ts'
import type { BackupStore } from '../stores/index.ts'
import { deletionCertificate, type Removal } from './certificate.ts'
import { insertCertificate, openHolds } from './queries.ts'
import { removableIn } from './removable.ts'

/** Who removes what is past its retention. */
const RETENTION: Actor = { kind: 'system', id: 'recovery.expire' }

/** What the retention works with. */
export interface RetentionParts {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly repository: Repository
  readonly stores: readonly BackupStore[]
  readonly signer: () => NoteSigner
  /** Pieces of the log may go after this long once the whole segment is there, in seconds. */
  readonly tailSeconds: number
  readonly segmentBytes: number
  /** Spans that are held; those on record unless told. */
  readonly holds?: readonly LegalHold[]
}

/** What a run removed in each region, and regions where it could not. */
export interface Expired {
  readonly removed: readonly {
    readonly region: string
    readonly backups: readonly string[]
    readonly objects: number
  }[]
  readonly failed: readonly { readonly region: string; readonly error: Error }[]
}

/** Removes from every region what is past the retention, that no kept moment needs and nobody holds. Policy 6.1-e. */
export async function expireBackups(parts: RetentionParts): Promise<Expired> {
  const removed: Expired['removed'][number][] = []
  const failed: Expired['failed'][number][] = []
  for (const store of parts.stores) {
    try {
      removed.push({ region: store.region, ...(await expireIn(parts, store)) })
    } catch (error) {
      // A region that is away keeps nobody else's backups longer; it is asked again in an hour.
      if (!(error instanceof RepositoryError)) throw error
      failed.push({ region: store.region, error })
    }
  }
  return { removed, failed }
}

async function expireIn(parts: RetentionParts, store: BackupStore) {
  const keepSeconds = parts.policy.read(backupRetention)
  const removable = await removableIn({
    ...parts,
    region: store.region,
    now: parts.clock.now(),
    retention: { keepSeconds, tailSeconds: parts.tailSeconds },
    holds: parts.holds ?? (await openHolds(parts.db)),
  })
  for (const head of removable.held) await holdLapsing(parts, store, head)
  const run = { ...parts, store, limitSeconds: keepSeconds }
  for (const { name, objects } of removable.backups) await removeBackup(run, name, objects)
  const rest = await removeAll(run, removable.rest)
  if (rest.length > 0) await certify(run, null, rest)
  const backups = removable.backups.map(({ name }) => name)
  const objects = removable.backups.reduce((sum, one) => sum + one.objects.length, rest.length)
  return { backups, objects }
}

type Run = RetentionParts & { readonly store: BackupStore; readonly limitSeconds: number }

/** What only a hold keeps is held in the store itself, from when its lock is about to end. */
async function holdLapsing({ clock }: RetentionParts, store: BackupStore, { path, retainUntil }: ObjectHead) {
  const soon = retainUntil === null || retainUntil.getTime() <= clock.now().getTime() + LAPSING_MS
  if (soon && !(await store.held(path))) await store.hold(path, true)
}

/** The retention runs once an hour. */
const LAPSING_MS = 2 * 3_600_000

async function removeBackup(run: Run, name: string, objects: readonly ObjectHead[]): Promise<void> {
  const note = objects.find(({ path }) => path.endsWith('/manifest.note'))
  const manifest = note === undefined ? Buffer.alloc(0) : await run.store.get(note.path)
  const manifestHash = createHash('sha256').update(manifest).digest('hex')
  const removed = await removeAll(run, objects)
  if (removed.length > 0) await certify(run, { name, manifestHash }, removed)
}

/** Removes objects in their order, and lets go first what an ended hold still holds. */
async function removeAll({ store }: Run, objects: readonly ObjectHead[]): Promise<ObjectHead[]> {
  const removed: ObjectHead[] = []
  for (const head of objects) {
    try {
      await store.remove(head.path)
    } catch (error) {
      if (!(error instanceof RepositoryError) || error.code !== 'locked') throw error
      if (!(await store.held(head.path))) continue
      await store.hold(head.path, false)
      await store.remove(head.path)
    }
    removed.push(head)
  }
  return removed
}

/** One certificate, with its hash in the ledger. */
async function certify(run: Run, backup: Removal['backup'], heads: readonly ObjectHead[]): Promise<void> {
  const { db, clock, audit, repository, store, limitSeconds } = run
  const removal: Removal = {
    id: newId(clock),
    system: repository.system,
    region: store.region,
    backup,
    removedAt: clock.now(),
    limitSeconds,
    paths: heads.map(({ path }) => path),
    bytes: heads.reduce((sum, { bytes }) => sum + bytes, 0),
  }
  const note = deletionCertificate(removal, run.signer())
  const facts = { region: store.region, objects: heads.length, bytes: removal.bytes, limitSeconds }
  const noted = async (tx: Database): Promise<void> => {
    await insertCertificate(tx, {
      id: removal.id,
      region: store.region,
      backup: backup?.name ?? null,
      removed_at: removal.removedAt,
      limit_seconds: limitSeconds,
      objects: heads.length,
      bytes: removal.bytes,
      manifest_hash: backup?.manifestHash ?? null,
      note,
    })
    await audit.record(tx, {
      type: 'backup.removed',
      tenant: null,
      actor: RETENTION,
      target: { kind: 'backup', id: backup?.name ?? 'log, files and wraps' },
      outcome: 'success',
      details: {
        ...facts,
        certificate: removal.id,
        certificateHash: createHash('sha256').update(note).digest('hex'),
        manifestHash: backup?.manifestHash ?? null,
      },
      request: null,
    })
  }
  await (db.isTransaction ? noted(db) : db.transaction().execute(noted))
}
