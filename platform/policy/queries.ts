import { sql } from 'kysely'
import { z } from '../kernel/schema.ts'
import type { Database } from '../db/index.ts'
import type { InForceValue, InForceValues } from './in-force-values.ts'

const texts = z.record(z.string(), z.string())
const storedFiles = z.array(z.object({ name: z.string(), text: z.string() }))

/** A row of `policy_version` without its files. */
export interface StoredVersion {
  readonly number: number
  readonly publishedAt: Date
  readonly textHash: Buffer
  readonly valueTexts: Readonly<Record<string, string>>
  readonly signature: Buffer
  readonly signer: string
}

/** Every version, oldest first. */
export async function storedVersions(db: Database): Promise<StoredVersion[]> {
  const rows = await db
    .selectFrom('policy_version')
    .select(['number', 'published_at', 'text_hash', 'value_texts', 'signature', 'signer'])
    .orderBy('number')
    .execute()
  return rows.map((row) => ({
    number: row.number,
    publishedAt: row.published_at,
    textHash: row.text_hash,
    valueTexts: texts.parse(row.value_texts),
    signature: row.signature,
    signer: row.signer,
  }))
}

/** The files of a version, or undefined when there is no such version. */
export async function versionFiles(
  db: Database,
  number: number,
): Promise<{ name: string; text: string }[] | undefined> {
  const row = await db
    .selectFrom('policy_version')
    .select('files')
    .where('number', '=', number)
    .executeTakeFirst()
  return row === undefined ? undefined : storedFiles.parse(row.files)
}

/** How each version came about, newest first. */
export function versionHistory(db: Database): Promise<VersionHistory[]> {
  return db
    .selectFrom('policy_version')
    .select([
      'number',
      'published_at',
      'published_by',
      'reason',
      'text_hash',
      'signature',
      'signer',
      'changes',
      'value_texts',
    ])
    .orderBy('number', 'desc')
    .execute()
}

/** A row of `policy_version` as it is told to people. */
export interface VersionHistory {
  readonly number: number
  readonly published_at: Date
  readonly published_by: string
  readonly reason: string
  readonly text_hash: Buffer
  readonly signature: Buffer
  readonly signer: string
  readonly changes: unknown
  readonly value_texts: unknown
}

/** Adds a version; false when another process published one of that number first. */
export async function insertVersion(
  db: Database,
  version: StoredVersion & {
    readonly files: readonly { readonly name: string; readonly text: string }[]
    readonly changes: readonly unknown[]
    readonly publishedBy: string
    readonly reason: string
  },
): Promise<boolean> {
  const done = await db
    .insertInto('policy_version')
    .values({
      number: version.number,
      previous: version.number > 1 ? version.number - 1 : null,
      files: JSON.stringify(version.files),
      text_hash: version.textHash,
      value_texts: JSON.stringify(version.valueTexts),
      changes: JSON.stringify(version.changes),
      signature: version.signature,
      signer: version.signer,
      published_at: version.publishedAt,
      published_by: version.publishedBy,
      reason: version.reason,
    })
    .onConflict((conflict) => conflict.column('number').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Replaces what the table says to be in force. */
export async function replaceInForce(db: Database, values: InForceValues): Promise<void> {
  await db.deleteFrom('policy_in_force').execute()
  const rows = [...values].map(([parameter, held]) => ({
    parameter,
    value: JSON.stringify(held.value),
    value_text: held.text,
    version: held.version,
    since: held.since,
    pending_value: held.pending === null ? null : JSON.stringify(held.pending.value),
    pending_text: held.pending?.text ?? null,
    pending_version: held.pending?.version ?? null,
    effective_at: held.pending?.effectiveAt ?? null,
  }))
  if (rows.length > 0) await db.insertInto('policy_in_force').values(rows).execute()
}

/** What the table says to be in force; locked until the transaction ends when `lock` is set. */
export async function storedInForce(db: Database, lock = false): Promise<InForceValues> {
  const all = db.selectFrom('policy_in_force').selectAll().orderBy('parameter')
  const rows = await (lock ? all.forUpdate() : all).execute()
  return new Map(
    rows.map((row): [string, InForceValue] => [
      row.parameter,
      {
        value: row.value,
        text: row.value_text,
        version: row.version,
        since: row.since,
        pending:
          row.effective_at === null || row.pending_text === null || row.pending_version === null
            ? null
            : {
                value: row.pending_value,
                text: row.pending_text,
                version: row.pending_version,
                effectiveAt: row.effective_at,
              },
      },
    ]),
  )
}

/** What a running process says that it obeys. */
export interface ProcessReport {
  readonly process: string
  readonly role: string
  readonly version: number
  readonly valuesHash: Buffer
  readonly valueTexts: Readonly<Record<string, string>>
  readonly seenAt: Date
}

/** Stores what a process obeys, in place of what it said before. */
export async function storeReport(db: Database, report: ProcessReport): Promise<void> {
  const said = {
    version: report.version,
    values_hash: report.valuesHash,
    value_texts: JSON.stringify(report.valueTexts),
    seen_at: report.seenAt,
  }
  await db
    .insertInto('policy_process')
    .values({ process: report.process, role: report.role, ...said })
    .onConflict((conflict) => conflict.column('process').doUpdateSet(said))
    .execute()
}

/** The processes heard of since `since`. */
export async function processReports(db: Database, since: Date): Promise<ProcessReport[]> {
  const rows = await db
    .selectFrom('policy_process')
    .selectAll()
    .where('seen_at', '>=', since)
    .orderBy('role')
    .orderBy('process')
    .execute()
  return rows.map((row) => ({
    process: row.process,
    role: row.role,
    version: row.version,
    valuesHash: row.values_hash,
    valueTexts: texts.parse(row.value_texts),
    seenAt: row.seen_at,
  }))
}

/** Forgets processes last heard of before `before`, and the one named `process`. */
export async function forgetProcesses(
  db: Database,
  which: { readonly before: Date } | { readonly process: string },
): Promise<void> {
  const all = db.deleteFrom('policy_process')
  const some =
    'process' in which ? all.where('process', '=', which.process) : all.where('seen_at', '<', which.before)
  await some.execute()
}

/** A difference between the text and a value in force that is not over. */
export interface OpenDrift {
  readonly id: string
  readonly parameter: string
  readonly place: string
  readonly expected: string
  readonly found: string
  readonly since: Date
}

/** Every open drift, oldest first. */
export function openDrifts(db: Database): Promise<OpenDrift[]> {
  return db
    .selectFrom('policy_drift')
    .select(['id', 'parameter', 'place', 'expected', 'found', 'since'])
    .where('ended_at', 'is', null)
    .orderBy('since')
    .execute()
}

/** Opens a drift; false when it is open already. */
export async function insertDrift(db: Database, drift: OpenDrift): Promise<boolean> {
  const done = await db
    .insertInto('policy_drift')
    .values(drift)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Ends a drift; false when it was over already. */
export async function endDrift(db: Database, id: string, at: Date): Promise<boolean> {
  const done = await db
    .updateTable('policy_drift')
    .set({ ended_at: at })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Changes the stored value of a parameter past the publisher; for the known-bad run of the drift check alone. */
export async function breakInForce(
  db: Database,
  parameter: string,
  value: number,
  text: string,
): Promise<void> {
  await db
    .updateTable('policy_in_force')
    .set({ value: JSON.stringify(value), value_text: text })
    .where('parameter', '=', parameter)
    .execute()
}

/** Brings announced values of the table into force whose time has come by `now`, and tells which. */
export function promoteInForce(
  db: Database,
  now: Date,
): Promise<{ parameter: string; text: string; version: number }[]> {
  return db
    .updateTable('policy_in_force')
    .set((row) => ({
      value: sql`${row.ref('pending_value')}`,
      value_text: sql`${row.ref('pending_text')}`,
      version: sql`${row.ref('pending_version')}`,
      since: sql`${row.ref('effective_at')}`,
      pending_value: null,
      pending_text: null,
      pending_version: null,
      effective_at: null,
    }))
    .where('effective_at', '<=', now)
    .returning(['parameter', 'value_text as text', 'version'])
    .execute()
}
