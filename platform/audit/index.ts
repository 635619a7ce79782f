/** Chapter 8: the audit log; one call writes an event in the caller's transaction, the ledger makes it permanent. */
export { openAudit, type Audit } from './record.ts'
export { openLedger, type Ledger } from './ledger.ts'
export { openLogFiles, type LogFiles } from './log-files.ts'
export { rejoinLedger, type Rejoined } from './rejoin.ts'
export { startSequenceLoop, type SequenceLoop } from './sequence-loop.ts'
export { openAuditReader, readOwnEvents, type AuditReader, type ReadableEvent } from './reading.ts'
export { auditRoutes, auditSocketRoutes, ledgerRoutes, type AuditRouteParts } from './routes.ts'
export { auditJobs } from './jobs.ts'
export { auditParameters } from './parameters.ts'
export { auditEvents } from './events.ts'
export { auditControls, auditDeclarations } from './controls.ts'
export type { AuditSystem, DeclaredWork } from './observed-system.ts'
export { canonicalJson } from './entry.ts'
export {
  eventsOfRequests,
  findEvents,
  ledgerIndices,
  ledgerState,
  PUBLISHER_LOCK,
  requestsWithEvents,
  waitingEvents,
} from './queries.ts'
