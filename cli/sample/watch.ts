import type { Inbox } from '../inbox.ts'
import type { SampleContact } from './provider.ts'

/** What the inbox holds of the sample contacts since the start. */
export interface Seen {
  /** Messages of contacts. */
  readonly incoming: number
  /** Replies of rules that went out. */
  readonly replies: number
  /** Replies that a real provider was given; must be none. */
  readonly sentForReal: number
}

/** Watches the inbox as an agent would. */
export interface SampleWatch {
  /** Shows replies that came since the last look. */
  look(): Promise<void>
  /** The id of the newest reply to a contact, or null. */
  newestReplyTo(contact: SampleContact): Promise<string | null>
  /** Counts what is there since the start. */
  count(): Promise<Seen>
}

/** Provider timestamps are whole seconds, so the start is taken a little earlier. */
const SLACK_MS = 1500

/** Watches conversations from `start` on and says every new reply. */
export function watchInbox(inbox: Inbox, start: Date, say: (line: string) => void): SampleWatch {
  const shown = new Set<string>()
  const conversations = async () =>
    (await inbox.call('GET /inbox/conversations', { query: { limit: '100' } })).conversations
  const since = start.getTime() - SLACK_MS
  const messages = async (id: string) => {
    const page = await inbox.call('GET /inbox/conversations/:id', { params: { id }, query: { limit: '100' } })
    return page.messages.filter(({ sentAt }) => Date.parse(sentAt) >= since)
  }
  return {
    look: async () => {
      for (const { id, contact, last } of await conversations()) {
        if (last === null || last.author !== 'rule' || Date.parse(last.at) < since) continue
        const key = `${id} ${last.at}`
        if (shown.has(key)) continue
        shown.add(key)
        say(`  reply to ${contact.name ?? 'a contact'}: ${last.preview ?? ''}`)
      }
    },
    newestReplyTo: async ({ name }) => {
      const found = (await conversations()).find(({ contact }) => contact.name === name)
      if (found === undefined) return null
      return (await messages(found.id)).findLast(({ author }) => author === 'rule')?.id ?? null
    },
    count: async () => {
      const open = await conversations()
      const all = (await Promise.all(open.map(({ id }) => messages(id)))).flat()
      const replies = all.filter(({ author, status }) => author === 'rule' && status !== 'refused')
      return {
        incoming: all.filter(({ direction }) => direction === 'in').length,
        replies: replies.length,
        sentForReal: replies.filter(({ provider }) => provider === 'whatsapp').length,
      }
    },
  }
}
