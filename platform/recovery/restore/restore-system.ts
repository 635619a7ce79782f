import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { dataPlace } from '#database'
import type { OnProgress, Repository } from '#backup'
import type { Rejoined } from '../../audit/index.ts'
import { openDatabase, type Database } from '../../db/index.ts'
import { secondsBetween } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { agreeOnLedger, migrateRestored } from './agree.ts'
import { checkPages, type PagesChecked } from './check-pages.ts'
import { makeWhole, syncBelow } from './lasting-folder.ts'
import { newestFileset, writeFileset } from './ledger-folder.ts'
import { hasChecksums, lastHeartbeat } from './queries.ts'
import { readFromRegions, type BadObject } from './region-reading.ts'
import { restoreInto, type RestoreRequest } from './restore-into.ts'
import { startRestored, type StartedCluster } from './start-restored.ts'
import { openSteps, type Step } from './steps.ts'

/** The folder of the ledger inside the data folder, and the name of its sets of files. */
export const LEDGER = 'ledger'
/** The folder of the embedded database inside the data folder. */
const POSTGRES = 'postgres'

/** What a whole restore is told. */
export interface SystemRequest extends RestoreRequest {
  /** The folder of the PostgreSQL programs; without it, those that came along. */
  readonly binaries?: string | undefined
  readonly superuser?: string | undefined
  /** The database of the platform in that cluster. */
  readonly database?: string | undefined
  /** Whether the schema is brought to the present, as for a system that is to go on. */
  readonly migrate: boolean
  /** What else is to be done on the recovered server before it is checked and stopped. */
  readonly also?: (db: Database, restored: RestoredRows) => Promise<void>
}

/** What the recovered rows say of themselves. */
export interface RestoredRows {
  /** When the last transaction that came back was committed. */
  readonly lastCommitAt: Date | null
  /** The newest moment that the platform wrote by itself. */
  readonly lastHeartbeatAt: Date | null
  /** From that moment to the one that was wanted: what was lost, measured. Null without a heartbeat. Policy 6.2-b. */
  readonly lostSeconds: number | null
  readonly ledger: Rejoined | null
}

/** A data folder of the whole system that `npm start` runs on, checked. */
export interface RestoredSystem extends RestoredRows {
  readonly folder: string
  readonly chain: readonly string[]
  readonly bytes: number
  readonly walSegments: number
  readonly reachesTo: Date
  readonly ledgerFiles: number
  readonly pages: PagesChecked | null
  readonly bad: readonly BadObject[]
  readonly steps: readonly Step[]
}

/** The parts of a restore on their way through it. */
interface Underway {
  readonly repository: Repository
  readonly request: SystemRequest
  readonly steps: ReturnType<typeof openSteps>
  readonly onProgress: OnProgress
  readonly folder: string
  readonly data: string
}

async function ledgerFiles({
  repository,
  request,
  folder,
}: Underway): Promise<[number, readonly BadObject[]]> {
  // Never the set of the moment: entries that were published since stay.
  const set = await newestFileset(repository, LEDGER)
  if (set === null) return [0, []]
  const reading = readFromRegions(repository, { first: request.region })
  return [await writeFileset(reading, set, join(folder, LEDGER)), reading.bad]
}

/** Works on the recovered rows; returns whether pages carry checksums, too. */
async function onRows(
  underway: Underway,
  started: StartedCluster,
  wanted: Date,
): Promise<RestoredRows & { readonly checksums: boolean }> {
  const { request, folder, steps } = underway
  const url = started.server.url(request.database ?? 'surety')
  if (request.migrate) await steps.run('migrations', () => migrateRestored(url))
  const db = openDatabase(url, () => {}, { connectionsMax: 2 })
  try {
    const ledger = await steps.run('ledger', () => agreeOnLedger(db, join(folder, LEDGER)))
    const lastHeartbeatAt = await lastHeartbeat(db)
    const rows: RestoredRows = {
      lastCommitAt: started.lastCommitAt,
      lastHeartbeatAt,
      lostSeconds: lastHeartbeatAt === null ? null : Math.max(0, secondsBetween(lastHeartbeatAt, wanted)),
      ledger,
    }
    await request.also?.(db, rows)
    return { ...rows, checksums: await hasChecksums(db) }
  } finally {
    await db.destroy()
  }
}

async function pagesOf({ data, steps, onProgress }: Underway): Promise<PagesChecked> {
  const pages = await steps.run('pages', () =>
    checkPages(data, (done) => onProgress({ step: 'pages', doneBytes: done * 8192, totalBytes: null })),
  )
  const [first] = pages.damaged
  if (first !== undefined)
    throw new Problem('recovery.unreadable', `A page of the restored cluster is damaged: ${first}.`)
  return pages
}

async function thenStopped<Result>(started: StartedCluster, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } finally {
    await started.server.stop()
  }
}

async function restoreAll(underway: Underway): Promise<Omit<RestoredSystem, 'folder' | 'steps'>> {
  const { repository, request, steps, data, onProgress } = underway
  const cluster = await steps.run('objects', () =>
    restoreInto(repository, { ...request, into: data, durable: false }, onProgress),
  )
  const [files, badFiles] = await steps.run('files', () => ledgerFiles(underway))
  onProgress({ step: 'recovery', doneBytes: 0, totalBytes: null })
  const started = await steps.run('recovery', () =>
    startRestored({
      folder: data,
      binaries: request.binaries,
      superuser: request.superuser,
      // Everything is made lasting once, below, before the folder gets its name; until then it counts for nothing.
      settings: ['fsync=off', 'synchronous_commit=off'],
    }),
  )
  const rows = await thenStopped(started, () => onRows(underway, started, cluster.reachesTo))
  const { checksums, ...said } = rows
  const pages = checksums ? await pagesOf(underway) : null
  await steps.run('sync', async () => {
    for (const folder of [underway.folder, data]) await syncBelow(folder)
  })
  const { chain, bytes, walSegments, reachesTo } = cluster
  return {
    ...said,
    chain,
    bytes,
    walSegments,
    reachesTo,
    ledgerFiles: files,
    pages,
    bad: [...cluster.bad, ...badFiles],
  }
}

/**
 * Restores database and ledger into a folder that `npm start` runs on as `SURETY_VAR`: recovered, both brought to agree, every
 * page compared with its checksum, on the disk. It appears under its name when all of that is done. Policy 6.1-a, 6.2-b.
 */
export async function restoreSystem(
  repository: Repository,
  request: SystemRequest,
  onProgress: OnProgress = () => {},
): Promise<RestoredSystem> {
  const steps = openSteps()
  const restored = await makeWhole(request.into, async (folder) => {
    const data = await dataPlace(join(folder, POSTGRES))
    try {
      return await restoreAll({ repository, request, steps, onProgress, folder, data })
    } catch (error) {
      // As root below a private home the cluster lies elsewhere.
      await rm(data, { recursive: true, force: true })
      throw error
    }
  })
  return { ...restored, folder: request.into, steps: steps.done }
}
