import { z } from '../kernel/schema.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { WINDOW_SECONDS } from '../gate/gate.ts'
import type { MessageRow } from '../messages/queries.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import type { ConversationLine, ListCursor } from './queries.ts'

/** A conversation as the API shows it. */
export interface ConversationView {
  readonly id: string
  readonly contact: { readonly id: string; readonly name: string | null; readonly state: string }
  readonly channel: { readonly id: string; readonly kind: string }
  readonly status: string
  readonly assignee: string | null
  readonly openedAt: string
  readonly lastInboundAt: string | null
  readonly waitingSince: string | null
  /** When the provider's window for free answers closes; null where there is none. */
  readonly windowClosesAt: string | null
  readonly last: {
    readonly author: string
    readonly status: string
    readonly preview: string | null
    readonly at: string
  } | null
}

/** A message as the API shows it. */
export interface MessageView {
  readonly id: string
  readonly seq: number
  readonly direction: string
  readonly author: string
  readonly authorId: string | null
  readonly ruleId: string | null
  readonly type: string
  readonly text: string | null
  readonly status: string
  readonly errorCode: string | null
  readonly sentAt: string
  /** Who it was handed to; `stand-in` delivers to nobody. */
  readonly provider: string | null
  /** Says so in words when a message went to the stand-in. */
  readonly providerLabel: string | null
  /** The gate's verdict that it left with. */
  readonly gate: string | null
}

const PREVIEW_CHARACTERS_MAX = 120

/** Opens a line of the list. */
export function conversationView(own: PersonVault, line: ConversationLine): ConversationView {
  const { contact_id, contact_name, last_id, last_body, last_author, last_status, last_at } = line
  const name = contact_name === null ? null : own.open(['contact', 'display_name', contact_id], contact_name)
  const text =
    last_id === null || last_body === null ? null : own.open(['message', 'body', last_id], last_body)
  const windowed = line.channel_kind === 'whatsapp' && line.last_inbound_at !== null
  return {
    id: line.id,
    contact: { id: contact_id, name, state: own.erased ? 'erased' : line.contact_state },
    channel: { id: line.channel_id, kind: line.channel_kind },
    status: line.status,
    assignee: line.assignee,
    openedAt: line.opened_at.toISOString(),
    lastInboundAt: line.last_inbound_at?.toISOString() ?? null,
    waitingSince: line.waiting_since?.toISOString() ?? null,
    windowClosesAt:
      windowed && line.last_inbound_at !== null
        ? secondsAfter(line.last_inbound_at, WINDOW_SECONDS).toISOString()
        : null,
    last:
      last_author === null || last_status === null || last_at === null
        ? null
        : {
            author: last_author,
            status: last_status,
            preview: text?.slice(0, PREVIEW_CHARACTERS_MAX).toWellFormed() ?? null,
            at: last_at.toISOString(),
          },
  }
}

/** Opens a message. */
export function messageView(
  own: PersonVault,
  row: MessageRow,
  decisions: ReadonlyMap<string, string>,
): MessageView {
  return {
    id: row.id,
    seq: row.seq,
    direction: row.direction,
    author: row.author,
    authorId: row.author_id,
    ruleId: row.rule_id,
    type: row.type,
    text: row.body === null ? null : own.open(['message', 'body', row.id], row.body),
    status: row.status,
    errorCode: row.error_code,
    sentAt: row.sent_at.toISOString(),
    provider: row.provider,
    providerLabel: row.provider === 'stand-in' ? 'delivered via local stand-in' : null,
    gate: row.gate_decision_id === null ? null : (decisions.get(row.gate_decision_id) ?? null),
  }
}

/** Enough of a name to recognise it, not enough to use it. */
export function maskedIdentity(kind: string, value: string): { kind: string; masked: string } {
  return { kind, masked: `…${value.slice(-4)}` }
}

const cursorShape = z.strictObject({
  at: z.union([z.literal('infinity'), z.iso.datetime({ precision: 6 })]),
  id: z.uuid(),
})

/** A place in a list, for the page after it. */
export function writeCursor(cursor: ListCursor): string {
  return Buffer.from(JSON.stringify(cursor), 'utf8').toString('base64url')
}

/** Reads `writeCursor`'s text; null for anything else. */
export function readCursor(text: string): ListCursor | null {
  try {
    const read = cursorShape.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    return read.success ? read.data : null
  } catch {
    return null
  }
}
