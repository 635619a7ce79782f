/** What kind of thing an event is, in the words of clauses 8.1-a to 8.1-e. */
export type EventKind = 'system' | 'authentication' | 'data' | 'administration' | 'security'

/** A declared event: its kind and one plain sentence. */
export interface EventDeclaration {
  readonly kind: EventKind
  readonly says: string
  /** It carries nothing personal or secret: its details stand in the ledger in the clear, for anyone to verify. */
  readonly open?: true
}

/** A value that an event may carry. */
export type EventValue =
  | string
  | number
  | boolean
  | null
  | readonly EventValue[]
  | { readonly [key: string]: EventValue }

/** Who did it; `id` is an internal id, never a name or an address. */
export interface Actor {
  readonly kind:
    | 'account'
    | 'api-key'
    | 'client'
    | 'directory'
    | 'service'
    | 'operator'
    | 'system'
    | 'anonymous'
  readonly id: string
}

/** One thing that happened. Details are encrypted for the tenant before they reach the ledger. */
export interface AuditEvent {
  readonly type: string
  /** The workspace it happened in; null for the provider's own. */
  readonly tenant: string | null
  readonly actor: Actor
  readonly target: { readonly kind: string; readonly id: string } | null
  readonly outcome: 'success' | 'refused' | 'failed'
  readonly details: Readonly<Record<string, EventValue>>
  readonly request: { readonly id: string; readonly ip: string; readonly userAgent: string } | null
}

/** A module's events by name; a name is `thing.happened` and never changes its meaning. */
export type EventCatalogue = Readonly<Record<string, EventDeclaration>>

/** Declares a module's events, keeping their names as types. */
export function declareEvents<const Names extends EventCatalogue>(catalogue: Names): Names {
  return catalogue
}
