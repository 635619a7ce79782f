import { sql } from 'kysely'
import type { Database } from '../db/index.ts'
import { z } from '../kernel/schema.ts'

/** A run of a control: its check, or the known-bad situation that must come out as a failure. */
export type RunKind = 'check' | 'known-bad'

/** How a run ended; only a completed one saw what it says. */
export type RunEnd = 'completed' | 'error' | 'timeout'

/** One recorded run of a control. */
export interface Run {
  readonly id: string
  readonly control: string
  readonly clauses: readonly string[]
  readonly kind: RunKind
  readonly policyVersion: number
  readonly paramsHash: Buffer
  readonly checkCodeHash: Buffer
  readonly observedAt: Date
  readonly recordedAt: Date
  readonly validUntil: Date
  readonly result: 'pass' | 'fail'
  readonly ended: RunEnd
  readonly saw: string
  readonly metrics: Readonly<Record<string, number | string | boolean>>
  readonly scope: { readonly count: number; readonly coverage: number; readonly of: string }
  readonly durationMs: number
  /** The known-bad run that stood behind a check when it was recorded. */
  readonly selfTest: string | null
}

const runRow = z.object({
  id: z.string(),
  control: z.string(),
  clauses: z.array(z.string()),
  kind: z.enum(['check', 'known-bad']),
  policy_version: z.number(),
  params_hash: z.instanceof(Buffer),
  check_code_hash: z.instanceof(Buffer),
  observed_at: z.date(),
  recorded_at: z.date(),
  valid_until: z.date(),
  result: z.enum(['pass', 'fail']),
  ended: z.enum(['completed', 'error', 'timeout']),
  saw: z.string(),
  metrics: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  scope: z.object({ count: z.number(), coverage: z.number(), of: z.string() }),
  duration_ms: z.number(),
  self_test: z.string().nullable(),
})

function toRun(row: unknown): Run {
  const found = runRow.parse(row)
  return {
    id: found.id,
    control: found.control,
    clauses: found.clauses,
    kind: found.kind,
    policyVersion: found.policy_version,
    paramsHash: found.params_hash,
    checkCodeHash: found.check_code_hash,
    observedAt: found.observed_at,
    recordedAt: found.recorded_at,
    validUntil: found.valid_until,
    result: found.result,
    ended: found.ended,
    saw: found.saw,
    metrics: found.metrics,
    scope: found.scope,
    durationMs: found.duration_ms,
    selfTest: found.self_test,
  }
}

/** Stores a run. */
export async function insertRun(db: Database, run: Run): Promise<void> {
  await db
    .insertInto('observation')
    .values({
      id: run.id,
      control: run.control,
      clauses: [...run.clauses],
      kind: run.kind,
      policy_version: run.policyVersion,
      params_hash: run.paramsHash,
      check_code_hash: run.checkCodeHash,
      observed_at: run.observedAt,
      recorded_at: run.recordedAt,
      valid_until: run.validUntil,
      result: run.result,
      ended: run.ended,
      saw: run.saw,
      metrics: JSON.stringify(run.metrics),
      scope: JSON.stringify(run.scope),
      duration_ms: run.durationMs,
      self_test: run.selfTest,
    })
    .execute()
}

/** The newest run of one kind of a control. */
export interface NewestRun {
  readonly run: Run
  /** When completed runs began to fail without a pass since; null when the last completed one passed. */
  readonly failingSince: Date | null
}

/** The newest run of each kind of each of these controls. */
export async function newestRuns(db: Database, controls: readonly string[]): Promise<NewestRun[]> {
  const { rows } = await sql<Record<string, unknown> & { failing_since: Date | null }>`
    select newest.*, (
      select min(failed.observed_at) from observation failed
      where failed.control = newest.control and failed.kind = newest.kind
        and failed.result = 'fail' and failed.ended = 'completed'
        and failed.observed_at > coalesce((
          select max(passed.observed_at) from observation passed
          where passed.control = newest.control and passed.kind = newest.kind
            and passed.result = 'pass' and passed.ended = 'completed'), '-infinity')
    ) as failing_since
    from unnest(${[...controls]}::text[]) as wanted (control)
    cross join (values ('check'), ('known-bad')) as kinds (kind)
    cross join lateral (
      select * from observation
      where observation.control = wanted.control and observation.kind = kinds.kind
      order by observed_at desc, id desc limit 1
    ) as newest`.execute(db)
  return rows.map((row) => ({ run: toRun(row), failingSince: row.failing_since }))
}

/** The last `limit` runs of a kind of a control, newest first. */
export async function runHistory(
  db: Database,
  control: string,
  kind: RunKind,
  limit: number,
): Promise<Run[]> {
  const rows = await db
    .selectFrom('observation')
    .selectAll()
    .where('control', '=', control)
    .where('kind', '=', kind)
    .orderBy('observed_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toRun)
}

/** A document behind a clause. */
export interface Attestation {
  readonly id: string
  readonly clause: string
  readonly kind: 'attested' | 'inherited'
  /** SHA-256 of the document, in hexadecimal. */
  readonly documentHash: string
  readonly documentTitle: string
  readonly issuer: string
  /** First and last day that the document speaks of, `2026-01-30`. */
  readonly periodFrom: string
  readonly periodTo: string
  readonly expiresAt: Date
  /** The words of the document that support the sentence, and where they stand. */
  readonly anchorQuote: string
  readonly anchorPlace: string
  readonly owner: string
  readonly uploadedBy: string
  readonly uploadedAt: Date
  readonly approvedBy: string | null
  readonly approvedAt: Date | null
}

/** Stores an attestation that nobody approved yet. */
export async function insertAttestation(db: Database, one: Attestation): Promise<void> {
  await db
    .insertInto('attestation')
    .values({
      id: one.id,
      clause: one.clause,
      kind: one.kind,
      document_hash: Buffer.from(one.documentHash, 'hex'),
      document_title: one.documentTitle,
      issuer: one.issuer,
      period_from: one.periodFrom,
      period_to: one.periodTo,
      expires_at: one.expiresAt,
      anchor_quote: one.anchorQuote,
      anchor_place: one.anchorPlace,
      owner: one.owner,
      uploaded_by: one.uploadedBy,
      uploaded_at: one.uploadedAt,
    })
    .execute()
}

/** Approves an attestation that is not approved yet; false when there is none. */
export async function approveStored(db: Database, id: string, by: string, at: Date): Promise<boolean> {
  const done = await db
    .updateTable('attestation')
    .set({ approved_by: by, approved_at: at })
    .where('id', '=', id)
    .where('approved_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Attestations, the newest first: all, or those of one clause. */
export async function storedAttestations(db: Database, clause?: string): Promise<Attestation[]> {
  const all = db
    .selectFrom('attestation')
    .selectAll()
    .select((row) => [
      sql<string>`${row.ref('period_from')}::text`.as('first_day'),
      sql<string>`${row.ref('period_to')}::text`.as('last_day'),
    ])
    .orderBy('uploaded_at', 'desc')
  const rows = await (clause === undefined ? all : all.where('clause', '=', clause)).execute()
  return rows.map((row) => ({
    id: row.id,
    clause: row.clause,
    kind: row.kind === 'inherited' ? 'inherited' : 'attested',
    documentHash: row.document_hash.toString('hex'),
    documentTitle: row.document_title,
    issuer: row.issuer,
    periodFrom: row.first_day,
    periodTo: row.last_day,
    expiresAt: row.expires_at,
    anchorQuote: row.anchor_quote,
    anchorPlace: row.anchor_place,
    owner: row.owner,
    uploadedBy: row.uploaded_by,
    uploadedAt: row.uploaded_at,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
  }))
}

/** A promise that is knowingly not kept until a date. */
export interface Exception {
  readonly id: string
  readonly clause: string
  readonly reason: string
  readonly acceptedBy: string
  readonly acceptedAt: Date
  readonly until: Date
}

/** Stores an exception. */
export async function insertException(db: Database, one: Exception): Promise<void> {
  await db
    .insertInto('exception')
    .values({
      id: one.id,
      clause: one.clause,
      reason: one.reason,
      accepted_by: one.acceptedBy,
      accepted_at: one.acceptedAt,
      until: one.until,
    })
    .execute()
}

/** The exceptions that are not over at `now`, the one that lasts longest first. */
export async function openExceptions(db: Database, now: Date): Promise<Exception[]> {
  const rows = await db
    .selectFrom('exception')
    .selectAll()
    .where('until', '>', now)
    .orderBy('until', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    clause: row.clause,
    reason: row.reason,
    acceptedBy: row.accepted_by,
    acceptedAt: row.accepted_at,
    until: row.until,
  }))
}
