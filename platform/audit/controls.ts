import { randomInt, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { parseTlogProof, parseVerifierKey, verifyLog, verifyTlogProof, type LogReader } from '#ledger'
import { undone, type Database } from '../db/index.ts'
import { HOUR, secondsAfter } from '../kernel/clock.ts'
import { control, declare, type Control, type Observation } from '../kernel/control.ts'
import { observed } from '../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { ledgerEntry } from './entry.ts'
import { retainEvents } from './jobs.ts'
import { auditRetention } from './parameters.ts'
import {
  eventById,
  eventsByIndex,
  insertEvent,
  keptEvents,
  ledgerState,
  requestsWithEvents,
  rowText,
  unsealedEvents,
} from './queries.ts'
import { logAccess } from './log-access-control.ts'
import { SYSTEM, type AuditSystem, type DeclaredWork } from './observed-system.ts'

/** Whether every change is recorded: declarations, what just happened, and a canary that must be provable in the ledger. */
async function everyChangeIsRecorded(
  system: AuditSystem,
  work: readonly DeclaredWork[],
): Promise<Observation> {
  const changing = work.filter((one) => one.changes)
  const silent = changing.filter(
    (one) => typeof one.event === 'string' && !Object.hasOwn(system.audit.catalogue, one.event),
  )
  const recent = system.recentChanges()
  const unrecorded = await missingRequests(
    system.db,
    recent.map((one) => one.requestId),
  )
  const canary = randomUUID()
  const event = {
    tenant: null,
    actor: SYSTEM,
    target: { kind: 'canary', id: canary },
    outcome: 'success',
    request: null,
  } as const
  await system.audit.record(system.db, { ...event, type: 'audit.probed', details: { canary } })
  await system.ledger.run()
  const proven = await canaryIsProven(system, canary)
  const failures = [
    ...silent.map((one) => `${one.name} declares the unknown event ${JSON.stringify(one.event)}`),
    ...recent
      .filter((one) => unrecorded.has(one.requestId))
      .map((one) => `a change through ${one.route} left no event`),
    ...(proven ? [] : ['the canary event is not provable in the ledger']),
  ]
  const metrics = { workDeclared: changing.length, recentChanges: recent.length, canaryProven: proven }
  const says = `${changing.length} routes and jobs that change something declare their event, ${recent.length} recent changes are recorded, and a canary event is proven in the ledger`
  return observed(failures, says, metrics, {
    count: changing.length + recent.length + 1,
    coverage: 1,
    of: 'changes',
  })
}

async function missingRequests(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set(await requestsWithEvents(db, ids))
  return new Set(ids.filter((id) => !found.has(id)))
}

async function canaryIsProven(system: AuditSystem, canary: string): Promise<boolean> {
  const { published } = await ledgerState(system.db)
  for (let to = published; to > Math.max(0, published - 2000); to -= 200) {
    const events = await eventsByIndex(system.db, Math.max(0, to - 200), to)
    const event = events.find((one) => one.target_id === canary)
    if (event === undefined) continue
    const proof = parseTlogProof(await system.ledger.proof(event.ledger_index ?? -1))
    verifyTlogProof(proof, ledgerEntry(event), parseVerifierKey(system.ledger.verifierKey))
    return true
  }
  return false
}

/** Policy 8.1-a: all user actions and system events. */
export const changesRecorded: Control<AuditSystem> = control({
  id: 'changes-recorded',
  clauses: ['8.1-a'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['platform/kernel/route.ts', 'platform/audit/record.ts', 'platform/gateway/app.ts'],
  looks:
    'Every route and job that changes something declares a known event, every recent change left one, and a canary event is proven in the ledger.',
  breaks: 'A route that declares an event which nobody knows must be found.',
  check: (system) => everyChangeIsRecorded(system, system.work()),
  knownBad: (system) =>
    everyChangeIsRecorded(system, [
      ...system.work(),
      { name: 'POST /silent', event: 'silent.change', changes: true },
    ]),
})

/** Recomputes the log as `read` gives it, and that it extends the checkpoint kept outside the data folder. */
async function ledgerHolds(
  system: AuditSystem,
  read: LogReader,
  anchor: string | undefined,
): Promise<Observation> {
  const key = parseVerifierKey(system.ledger.verifierKey)
  const verdict = await verifyLog(read, key, anchor === undefined ? {} : { older: anchor })
  if (!verdict.ok) {
    const at = verdict.difference.path ?? 'the log'
    return {
      result: 'fail',
      saw: `${verdict.difference.message} (${at})`,
      metrics: {},
      scope: { count: 1, coverage: 1, of: 'ledgers' },
    }
  }
  const { size } = verdict.checkpoint
  const rewritten = await rewrittenRows(system, size)
  const says = `${size} entries recomputed from the files alone give the signed root, extend the checkpoint kept apart, and the newest rows of the database are the entries`
  return observed(
    rewritten,
    says,
    { entries: size, anchored: anchor !== undefined },
    { count: size, coverage: 1, of: 'ledger entries' },
  )
}

/** The newest rows whose entry is not the one in the log. */
async function rewrittenRows(system: AuditSystem, size: number): Promise<string[]> {
  const found: string[] = []
  for (const event of await eventsByIndex(system.db, Math.max(0, size - 500), size)) {
    const proof = parseTlogProof(await system.ledger.proof(event.ledger_index ?? -1))
    try {
      verifyTlogProof(proof, ledgerEntry(event), parseVerifierKey(system.ledger.verifierKey))
    } catch {
      found.push(`the database row of entry ${event.ledger_index} differs from the ledger`)
    }
  }
  return found
}

/** A reader of a copy in which one byte of the newest entry bundle is flipped. */
function flipping(read: LogReader): LogReader {
  return async (path) => {
    const bytes = await read(path)
    if (bytes === undefined || !path.startsWith('tile/entries/')) return bytes
    const copy = Buffer.from(bytes)
    copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
    return copy
  }
}

/** Policy 8.2-a.3: write-once storage. */
export const ledgerUnchanged: Control<AuditSystem> = control({
  id: 'ledger-unchanged',
  clauses: ['8.2-a.3'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['platform/audit/sequencer.ts', 'platform/audit/log-files.ts', 'engines/ledger'],
  looks:
    'Recomputes the whole ledger from its files, against a checkpoint kept outside the data folder and against the database.',
  breaks: 'A copy of the ledger with one flipped byte must be refused.',
  check: async (system) => {
    await system.ledger.run()
    const anchor = await readFile(system.anchorFile, 'utf8').catch(() => undefined)
    const seen = await ledgerHolds(system, system.ledger.files.read, anchor)
    const { checkpoint } = await ledgerState(system.db)
    // Only a log that held up moves the anchor on; otherwise the evidence of the rewrite would be lost.
    if (seen.result === 'pass' && checkpoint !== null)
      await writeFile(system.anchorFile, checkpoint, { mode: 0o600 })
    return seen
  },
  knownBad: async (system) => {
    await system.ledger.run()
    return ledgerHolds(system, flipping(system.ledger.files.read), undefined)
  },
})

async function logsAreSealed(system: AuditSystem): Promise<Observation> {
  const unsealed = await unsealedEvents(system.db)
  const canary = randomUUID()
  const inClear = await undone(system.db, async (tx) => {
    const target = { kind: 'canary', id: randomUUID() }
    const event = { tenant: null, actor: SYSTEM, target, outcome: 'success', request: null } as const
    await system.audit.record(tx, { ...event, type: 'audit.sealed-probe', details: { canary } })
    const text = await rowText(tx, target.id)
    return text.includes(canary) || text.includes(Buffer.from(canary).toString('hex'))
  })
  const failures = [
    ...(unsealed > 0 ? [`${unsealed} events are stored unsealed`] : []),
    ...(inClear ? ['the details of a canary event stand readable in its row'] : []),
  ]
  const says =
    'every event that is not open by declaration is sealed, and a canary is not readable in its row'
  return observed(failures, says, { unsealed }, { count: 1, coverage: 1, of: 'audit logs' })
}

/** Policy 8.2-a.2: encrypted at rest. */
export const logsSealed: Control<AuditSystem> = control({
  id: 'logs-sealed',
  clauses: ['8.2-a.2'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['platform/audit/record.ts', 'engines/envelope'],
  looks: 'Looks for events stored unsealed and for a canary’s words in the row that holds it.',
  breaks: 'A row written unsealed must be found.',
  check: logsAreSealed,
  knownBad: (system) =>
    undone(system.db, async (tx) => {
      await insertEvent(tx, {
        ...syntheticRow(system.clock.now()),
        details: null,
        sealed: Buffer.from('plain words'),
      })
      const unsealed = await unsealedEvents(tx)
      return observed(
        unsealed > 0 ? [`${unsealed} events are stored unsealed`] : [],
        'nothing unsealed was found',
        { unsealed },
        { count: 1, coverage: 1, of: 'audit logs' },
      )
    }),
})

function syntheticRow(at: Date) {
  const columns = {
    tenant: null,
    actor_kind: 'system',
    actor_id: 'audit.check',
    target_kind: null,
    target_id: null,
    request_id: null,
  }
  return {
    id: randomUUID(),
    at,
    type: 'audit.probed',
    kind: 'system',
    outcome: 'success',
    ...columns,
    details: '{}',
    sealed: null,
  }
}

/** Where canaries stand that are undone afterwards: no log of ours grows that far, so none takes a real event’s place. */
const CANARY_INDEX = 2 ** 52

/** Runs the daily removal over a canary just inside the limit, and looks for gaps in what is kept. */
async function retentionHolds(system: AuditSystem, obeyed: PolicyReader): Promise<Observation> {
  const limit = system.policy.read(auditRetention)
  const inside = secondsAfter(system.clock.now(), -(limit - HOUR))
  return undone(system.db, async (tx) => {
    const row = syntheticRow(inside)
    const { oldest } = await keptEvents(tx, CANARY_INDEX)
    await insertEvent(tx, { ...row, ledger_index: CANARY_INDEX + randomInt(2 ** 32) })
    await retainEvents(tx, system.audit, obeyed, system.clock.now())
    const kept = await keptEvents(tx, CANARY_INDEX)
    const gaps = kept.first === null || kept.last === null ? 0 : kept.last - kept.first + 1 - kept.count
    const failures = [
      ...((await eventById(tx, row.id)) === undefined
        ? ['an event one hour younger than the limit was removed']
        : []),
      ...(gaps > 0 ? [`${gaps} events are missing between the oldest and the newest kept`] : []),
    ]
    return observed(
      failures,
      `no event younger than the limit is missing; the oldest kept is of ${oldest?.toISOString() ?? 'no day'}`,
      { kept: kept.count, limitSeconds: limit },
      { count: kept.count, coverage: 1, of: 'events' },
    )
  })
}

/** Policy 8.2-a.1: kept for the retention. */
export const logsRetained: Control<AuditSystem> = control({
  id: 'logs-retained',
  clauses: ['8.2-a.1'],
  reads: [auditRetention],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/audit/jobs.ts'],
  looks:
    'Runs the daily removal over an event just inside the limit, undone afterwards, and looks for gaps among the kept events.',
  breaks: 'A removal that obeys half the limit must be found.',
  check: (system) => retentionHolds(system, system.policy),
  knownBad: (system) => {
    const half = policyWith({ [auditRetention.name]: system.policy.read(auditRetention) / 2 }, system.policy)
    return retentionHolds(system, half)
  },
})

/** The controls of chapter 8 that observe the audit log. */
export const auditControls: readonly Control<AuditSystem>[] = [
  changesRecorded,
  logsRetained,
  logsSealed,
  ledgerUnchanged,
  logAccess,
]

/** The clauses of chapter 8 that no control proves. */
export const auditDeclarations = [
  ...declare('computed', ['8.1-0'], 'Follows from the clauses below it.'),
  ...declare(
    'unproven',
    ['8.1-c'],
    'Reading and changing conversations is recorded; a check that compares every access with the log is not built yet.',
  ),
  ...declare(
    'unproven',
    ['8.1-d'],
    'Administrative routes record their events; a check over every administrative act is not built yet.',
  ),
  ...declare(
    'unproven',
    ['8.1-e'],
    'Refusals are recorded; detection and incidents, which would record the rest, are not built yet.',
  ),
  ...declare('unproven', ['8.3-a'], 'Alerting is not built yet.'),
  ...declare('unproven', ['8.3-b'], 'There is no on-call rota in the system yet.'),
]
