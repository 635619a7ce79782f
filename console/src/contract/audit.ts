import type { auditRoutes } from '../../../platform/audit/index.ts'
import type { Contract } from '../../../platform/kernel/route.ts'
import type { Wire } from './wire.ts'

/** The audit log. */
export type AuditApi = Contract<ReturnType<typeof auditRoutes>>

/** One event, opened for a reader who may see it. */
export type EventRow = Wire<AuditApi['GET /api/audit/events']['reply']>['events'][number]
