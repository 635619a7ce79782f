/** What the audit log is narrowed by; it stands in the address, so that a view can be sent on. */
export interface EventSearch {
  readonly type?: string
  readonly kind?: string
  readonly actor?: string
  readonly outcome?: string
  readonly request?: string
}

const NAMES = ['type', 'kind', 'actor', 'outcome', 'request'] as const
const LENGTH_MAX = 100

/** Reads the filter from an address; what does not fit is dropped. */
export function parseEventFilter(search: Record<string, unknown>): EventSearch {
  return Object.fromEntries(
    NAMES.map((name) => [name, search[name]] as const).filter(
      ([, value]) => typeof value === 'string' && value !== '' && value.length <= LENGTH_MAX,
    ),
  )
}
