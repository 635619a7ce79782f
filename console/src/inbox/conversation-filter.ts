/** What the inbox is narrowed by; it stands in the address, so that a view can be sent on. Left out: who waits. */
export interface ConversationSearch {
  readonly status?: 'open' | 'bot' | 'human' | 'closed'
}

const STATUSES: readonly unknown[] = ['open', 'bot', 'human', 'closed']

/** Reads the filter from an address; what does not fit is dropped, so that the list shows who waits. */
export function parseConversationFilter({ status }: Record<string, unknown>): ConversationSearch {
  return STATUSES.includes(status) ? { status: status as NonNullable<ConversationSearch['status']> } : {}
}
