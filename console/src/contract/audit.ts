import type { EventKind, EventValue } from '../../../platform/kernel/event.ts'
import type { ById, RouteShape } from './route-shape.ts'

/** One event of the audit log, opened for a reader who may see it. */
export interface EventRow {
  readonly id: string
  readonly at: string
  readonly type: string
  readonly kind: EventKind
  readonly says: string
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string | null }
  readonly target: { readonly kind: string; readonly id: string } | null
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly details: Readonly<Record<string, EventValue>>
  readonly requestId: string | null
  /** Null until the sequencer gave it its place. */
  readonly ledgerIndex: number | null
}

/** How an event is shown to be in the ledger, and unchanged. */
export interface EventProof {
  readonly index: number
  readonly leafHash: string
  readonly path: readonly string[]
  readonly checkpoint: string
  readonly treeSize: number
  readonly rootHash: string
}

/** What the list may be narrowed by; `cursor` continues it. */
export interface EventFilter {
  readonly cursor?: string
  readonly type?: string
  readonly kind?: string
  readonly actor?: string
  readonly outcome?: string
  readonly request?: string
}

/** The audit log. */
export interface AuditApi {
  'GET /api/audit/events': RouteShape<
    { readonly events: readonly EventRow[]; readonly next: string | null },
    Record<string, never>,
    Record<string, never>,
    EventFilter
  >
  'GET /api/audit/events/:id/proof': RouteShape<EventProof, Record<string, never>, ById>
}
