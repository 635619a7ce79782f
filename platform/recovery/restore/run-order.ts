import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RepositoryError, type OnProgress } from '#backup'
import { dataPlace } from '#database'
import { openAudit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { PROVIDER, replayErasures, type Keyring } from '../../encryption/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { recoveryEvents } from '../events.ts'
import { readBrokenCopies } from './broken-copies.ts'
import { fillKeyring } from './fill-keyring.ts'
import { listBackups, verifyBackups } from './listing.ts'
import { openReading, requireRegion, type OpenedReading, type ReadingParts } from './open-reading.ts'
import type { DrillOrder, Order, Refusal, Told } from './orders.ts'
import { readRecoveryFolder } from '../wraps/index.ts'
import { withRate } from './progress-rate.ts'
import { proveBackup } from './prove.ts'
import { rowsOfTables, setPassword } from './queries.ts'
import { restoreSystem, type RestoredRows, type RestoredSystem } from './restore-system.ts'
import { startRestored } from './start-restored.ts'

/** What the program is given besides its order. */
export interface OrderParts {
  readonly reading: ReadingParts
  /** `PG_BIN`. */
  readonly binaries: string | undefined
  /** Where proofs put their files. */
  readonly scratch: string
  /** The password that the restored server gets for its superuser, that of the key folder. */
  readonly password: () => Promise<string>
  /** The keyring, for as long as `work` takes; null where another system holds it. */
  readonly withKeyring: <Result>(work: (keyring: Keyring | null) => Promise<Result>) => Promise<Result>
  /** Rehearses a disaster on what the stores hold. */
  readonly drill: (order: DrillOrder, reading: OpenedReading, onProgress: OnProgress) => Promise<unknown>
  /** Resolves when whoever started the program wants it to end. */
  readonly ended: Promise<void>
}

/** Runs an order and tells of it; refusals are told, too, and only what is a fault is thrown. */
export async function runOrder(
  order: Order,
  parts: OrderParts,
  tell: (told: Told<unknown>) => void,
): Promise<void> {
  const onProgress = withRate((progress) => tell({ progress }))
  try {
    if (order.do === 'serve') return await serve(order.folder, parts, tell, {})
    const keys =
      order.do === 'drill' && order.type === 'key-loss' ? fromEscrow(parts.reading, order) : parts.reading
    const reading = await openReading(await keys, order.system)
    try {
      requireRegion(order.region, reading.stores)
      if (order.do === 'sandbox') return await sandbox(order, reading, parts, tell, onProgress)
      tell({ result: await resultOf(order, reading, parts, onProgress) })
    } finally {
      await reading.close()
    }
  } catch (error) {
    tell({ refused: refusalOf(error) })
  }
}

/** Reads with what was brought from escrow alone: neither the recovery folder nor the key folder is looked into. Policy 6.2-c. */
async function fromEscrow(reading: ReadingParts, { escrow }: DrillOrder): Promise<ReadingParts> {
  if (escrow === undefined)
    throw new Problem(
      'recovery.no-key',
      'Nobody brought an escrow key: surety backup drill key-loss --escrow FOLDER.',
    )
  const [brought, lost] = [await readRecoveryFolder(escrow), await readRecoveryFolder(reading.recoveryFolder)]
  if (brought.length === 0)
    throw new Problem(
      'recovery.no-key',
      'The folder from escrow holds no identity (recovery-identity-*.txt).',
    )
  const same = new Set(lost.map(({ recipient }) => recipient))
  if (brought.some(({ recipient }) => same.has(recipient)))
    throw new Problem(
      'recovery.no-key',
      'What was brought from escrow is the recovery identity, which is lost in this drill.',
    )
  return { ...reading, recoveryFolder: escrow, keysFolder: escrow }
}

/** What a refusal says; any other error is thrown on. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Problem) return { code: error.code, message: error.detail }
  if (!(error instanceof RepositoryError)) throw error
  const code = error.code === 'no-key' ? 'recovery.no-key' : 'recovery.unreadable'
  return { code, message: sentence(error), object: error.path, because: error.code }
}

function sentence({ code, path }: RepositoryError): string {
  // The folder of all backups is what lacks one that is old enough.
  if (code === 'missing' && path.endsWith('/backups/'))
    return 'No backup was whole at that moment; `surety backup list` names those that there are.'
  const what: Readonly<Record<string, string>> = {
    missing: 'is not there',
    damaged: 'was changed or is damaged',
    foreign: 'belongs somewhere else',
    unsigned: 'is not signed by this system',
    unreachable: 'cannot be reached',
    'no-key': 'cannot be opened: the recovery identity for it is not here',
    'broken-chain': 'is missing, and what follows it is of no use without it',
  }
  return `The object ${path} ${what[code] ?? `was refused (${code})`}.`
}

type WorkOrder = Exclude<Order, { do: 'serve' } | { do: 'sandbox' }>

function resultOf(
  order: WorkOrder,
  reading: OpenedReading,
  parts: OrderParts,
  onProgress: OnProgress,
): Promise<unknown> {
  const { repository } = reading
  if (order.do === 'list') return listBackups(repository)
  if (order.do === 'break') return readBrokenCopies(reading.options)
  if (order.do === 'drill') return parts.drill(order, reading, onProgress)
  if (order.do === 'verify') return verifyBackups(repository, order.name, onProgress)
  const { binaries, scratch } = parts
  if (order.do === 'prove')
    return proveBackup(repository, { backup: order.name, scratch, binaries }, onProgress)
  return parts.withKeyring((keyring) => restoreWhole(order, reading, parts, keyring, onProgress))
}

/** What a restore of the whole system came to. */
export interface WholeRestore extends RestoredSystem {
  /** Keys that were destroyed since the restored moment and stay so; null where the keyring was not at hand. */
  readonly erasedAgain: number | null
  /** The copy from which an empty keyring was filled; null when it held keys. */
  readonly keyringCopy: string | null
}

async function restoreWhole(
  order: Extract<Order, { do: 'restore' }>,
  reading: OpenedReading,
  parts: OrderParts,
  keyring: Keyring | null,
  onProgress: OnProgress,
): Promise<WholeRestore> {
  const { clock } = parts.reading
  const keyringCopy =
    keyring === null ? null : await fillKeyring({ ...reading, system: reading.repository.system }, keyring)
  let erasedAgain: number | null = null
  const also = async (db: Database, rows: RestoredRows): Promise<void> => {
    if (keyring !== null) erasedAgain = (await replayErasures(db, { keyring, clock })).length
    await setPassword(db, 'surety', await parts.password())
    await recordRestore(parts, db, order.at, rows, erasedAgain)
  }
  const target = { at: targetOf(order.at) }
  const { binaries } = parts
  const restored = await restoreSystem(
    reading.repository,
    { target, into: order.into, region: order.region, binaries, migrate: true, also },
    onProgress,
  )
  return { ...restored, erasedAgain, keyringCopy }
}

function targetOf(at: string): Date | 'latest' {
  return at === 'latest' ? at : new Date(at)
}

async function recordRestore(
  { reading: { clock } }: OrderParts,
  db: Database,
  at: string,
  { lastCommitAt, lastHeartbeatAt, lostSeconds, ledger }: RestoredRows,
  erasedAgain: number | null,
): Promise<void> {
  // The event is open, so nothing of it is sealed.
  const sealText = () => Promise.reject(new Error('this event is open'))
  const audit = openAudit({ clock, keys: { sealText }, catalogues: [recoveryEvents] })
  await audit.record(db, {
    type: 'recovery.restored',
    tenant: null,
    actor: { kind: 'operator', id: PROVIDER },
    target: null,
    outcome: 'success',
    details: {
      at,
      lastCommitAt: lastCommitAt?.toISOString() ?? null,
      lastHeartbeatAt: lastHeartbeatAt?.toISOString() ?? null,
      lostSeconds,
      ledgerEntries: ledger?.entries ?? null,
      ledgerFilesMade: ledger?.filesCaughtUp ?? null,
      ledgerRowsReadBack: ledger?.rowsCaughtUp ?? null,
      erasedAgain,
    },
    request: null,
  })
}

async function sandbox(
  order: Extract<Order, { do: 'sandbox' }>,
  reading: OpenedReading,
  parts: OrderParts,
  tell: (told: Told<unknown>) => void,
  onProgress: OnProgress,
): Promise<void> {
  let rows: Readonly<Record<string, number>> = {}
  const restored = await restoreSystem(
    reading.repository,
    {
      target: { at: targetOf(order.at) },
      into: order.into,
      region: order.region,
      binaries: parts.binaries,
      migrate: false,
      also: async (db) => {
        rows = Object.fromEntries(await rowsOfTables(db))
      },
    },
    onProgress,
  )
  await serve(order.into, parts, tell, { ...restored, rows })
}

/** Serves a restored folder on a private socket until it is not wanted any more. */
async function serve(
  folder: string,
  parts: OrderParts,
  tell: (told: Told<unknown>) => void,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const data = await dataPlace(join(folder, 'postgres'))
  const { server } = await startRestored({ folder: data, binaries: parts.binaries, settings: ['fsync=off'] })
  try {
    tell({ serving: { socketFolder: server.socketFolder, facts } })
    await Promise.race([parts.ended, server.ended])
  } finally {
    await server.stop()
    // As root below a private home the cluster lies elsewhere; whoever removes the folder would not find it.
    if (dirname(data) !== folder) await rm(data, { recursive: true, force: true })
  }
}
