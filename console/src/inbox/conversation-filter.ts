/** What the inbox is narrowed by; it stands in the address, so that a view can be sent on. */
export interface ConversationSearch {
  readonly status?: 'bot' | 'human' | 'closed' | 'all'
  readonly channel?: string
  readonly mine?: true
}

const STATUSES: readonly unknown[] = ['bot', 'human', 'closed', 'all']

/** Reads the filter from an address; what does not fit is dropped, so that the list shows who waits. */
export function parseConversationFilter(search: Record<string, unknown>): ConversationSearch {
  const { status, channel, mine } = search
  return {
    ...(STATUSES.includes(status) ? { status: status as NonNullable<ConversationSearch['status']> } : {}),
    ...(typeof channel === 'string' && /^[\w-]{1,64}$/.test(channel) ? { channel } : {}),
    ...(mine === true ? { mine } : {}),
  }
}
