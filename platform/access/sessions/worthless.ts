import { parseChanged, type Changed } from '../changed.ts'

/** Whatever is known of a session, with what notices name it by. */
export interface Identity {
  readonly id: string
  readonly account_id: string
  readonly chosen_workspace_id: string | null
  /** The session that a token was allowed in, if it ends with it. */
  readonly session_id?: string | null
}

/** Whose entries are worthless: one session's (or token's), or those of whoever's rights changed. */
export type Worthless = { readonly session: string } | Changed

/** What a notice makes worthless; null for notices about something else. */
export function worthlessBy(channel: string, payload: string): Worthless | null {
  if (channel === 'session_revoked') return payload === '' ? 'everybody' : { session: payload }
  return channel === 'access_changed' ? parseChanged(payload) : null
}

/** A name for what is worthless; each session goes by four of them, a token by one more. */
export function nameOf(what: Worthless): string {
  if (what === 'everybody') return what
  if ('session' in what) return `session ${what.session}`
  return 'account' in what ? `account ${what.account}` : `workspace ${what.workspace}`
}

function namesOf({ id, account_id, chosen_workspace_id, session_id }: Identity): readonly string[] {
  const names = ['everybody', `session ${id}`, `account ${account_id}`, `workspace ${chosen_workspace_id}`]
  return session_id === undefined || session_id === null ? names : [...names, `session ${session_id}`]
}

/** How long whatever is being changed is read from the database only, while its transaction is not committed. */
const HELD_MS = 5000

/** What this process is changing now, and how long its notices take. */
export interface Changing {
  /** A notice about this is being sent. */
  sending(what: Worthless): void
  heard(what: Worthless): void
  /** Whether a session may be concerned. */
  concerns(row: Identity): boolean
  /** Milliseconds that recent notices took from being sent to being heard, newest last. */
  noticeMs(): readonly number[]
}

/** Makes the memory of what is being changed. */
export function openChanging(monotonicMs: () => number): Changing {
  const held = new Map<string, number>()
  const sent = new Map<string, number>()
  const delays: number[] = []
  return {
    sending: (what) => {
      const now = monotonicMs()
      for (const [name, until] of held) if (until <= now) held.delete(name)
      for (const [name, at] of sent) if (at + HELD_MS <= now) sent.delete(name)
      held.set(nameOf(what), now + HELD_MS)
      sent.set(nameOf(what), now)
    },
    heard: (what) => {
      const name = nameOf(what)
      const at = sent.get(name)
      sent.delete(name)
      if (at !== undefined && delays.push(monotonicMs() - at) > 1000) delays.shift()
    },
    concerns: (row) => {
      if (held.size === 0) return false
      const now = monotonicMs()
      return namesOf(row).some((name) => (held.get(name) ?? 0) > now)
    },
    noticeMs: () => delays,
  }
}
