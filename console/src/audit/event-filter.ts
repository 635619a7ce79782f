import type { EventKind } from '../../../platform/kernel/event.ts'
import { isWord } from '../address-word.ts'

/** What the audit log is narrowed by; it stands in the address, so that a view can be sent on. */
export interface EventSearch {
  /** Whose log; the workspace's own when it is left out. */
  readonly log?: 'provider'
  readonly type?: string
  readonly kind?: EventKind
  readonly actor?: string
}

const KINDS: readonly unknown[] = ['system', 'authentication', 'data', 'administration', 'security']

/** Reads the filter from an address; what does not fit is dropped. */
export function parseEventFilter({ log, type, kind, actor }: Record<string, unknown>): EventSearch {
  return {
    ...(log === 'provider' ? { log } : {}),
    ...(isWord(type, 80) ? { type } : {}),
    ...(KINDS.includes(kind) ? { kind: kind as EventKind } : {}),
    ...(isWord(actor, 200) ? { actor } : {}),
  }
}
