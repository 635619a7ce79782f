import type { ById, Done, RouteShape } from './route-shape.ts'

/** Who answers: automatic replies, a person (automatic replies are silent), or nobody any more. */
export type ConversationStatus = 'bot' | 'human' | 'closed'

/** The way a message travels. */
export type ChannelKind = 'whatsapp' | 'webchat'

/** A conversation as the list shows it. */
export interface ConversationRow {
  readonly id: string
  readonly contact: { readonly id: string; readonly name: string | null }
  readonly channel: { readonly id: string; readonly kind: ChannelKind; readonly name: string }
  readonly status: ConversationStatus
  /** Id of the account that holds it. */
  readonly assignee: string | null
  readonly preview: string | null
  readonly lastMessageAt: string
  /** Since when the contact waits for a person; null when nobody waits. */
  readonly waitingSince: string | null
  /** Until when the channel accepts a free answer; null when it has no such limit. */
  readonly windowEndsAt: string | null
  readonly optedOut: boolean
}

/** How far a message came. */
export type MessageStatus = 'received' | 'queued' | 'refused' | 'sent' | 'failed' | 'delivered' | 'read'

/** One message. */
export interface Message {
  readonly id: string
  readonly at: string
  readonly direction: 'in' | 'out'
  readonly author: 'contact' | 'rule' | 'person'
  readonly authorId: string | null
  readonly ruleName: string | null
  /** Null for a message without text: `type` says what it was. */
  readonly text: string | null
  readonly type: string
  readonly status: MessageStatus
  readonly errorCode: string | null
  /** `stand-in`: no provider was involved and nothing left this machine. */
  readonly provider: 'whatsapp' | 'stand-in' | 'webchat' | null
}

/** A conversation opened; messages oldest first. */
export interface Conversation extends ConversationRow {
  readonly messages: readonly Message[]
}

/** What the list may be narrowed by. */
export interface ConversationFilter {
  readonly status?: 'waiting' | ConversationStatus
  readonly channel?: string
  readonly mine?: boolean
  readonly cursor?: string
}

/** What may be shown of a secret that can only be written. */
export interface SecretHint {
  readonly last4: string
  readonly fingerprint: string
}

/** A connected channel. */
export interface Channel {
  readonly id: string
  readonly kind: ChannelKind
  readonly name: string
  readonly disclosure: string | null
  readonly state: 'ready' | 'broken' | 'disabled'
  readonly standIn: boolean
  readonly webhookUrl: string | null
  readonly embedUrl: string | null
  readonly origins: readonly string[]
  readonly secrets: Readonly<Partial<Record<SecretName, SecretHint>>>
  readonly createdAt: string
}

/** The secrets of a WhatsApp channel. */
export type SecretName = 'app_secret' | 'verify_token' | 'access_token'

/** What connects a channel. */
export type NewChannel =
  | {
      readonly kind: 'whatsapp'
      readonly name: string
      readonly phoneNumberId: string
      readonly appSecret: string
      readonly verifyToken: string
      readonly accessToken: string
    }
  | { readonly kind: 'webchat'; readonly name: string; readonly origins: readonly string[] }

/** When an automatic reply fires and what it says. */
export interface RuleContent {
  readonly name: string
  readonly kind: 'keyword' | 'first-message'
  readonly channelId: string | null
  readonly words: readonly string[]
  readonly reply: string
  /** 1 is tried first. */
  readonly priority: number
  readonly cooldownSeconds: number
  readonly enabled: boolean
}

/** An automatic reply. */
export interface Rule extends RuleContent {
  readonly id: string
}

/** Why a rule answers or does not. */
export type RuleVerdict =
  | 'fires'
  | 'off'
  | 'other-channel'
  | 'not-first'
  | 'no-word'
  | 'cooling-down'
  | 'another-first'

/** What would happen to a message, rule by rule, without sending anything. */
export interface RulePreview {
  readonly chosen: string | null
  readonly verdicts: readonly { readonly rule: string; readonly verdict: RuleVerdict }[]
}

/** Instant Reply, reached through the gateway. */
export interface InboxApi {
  'GET /inbox/conversations': RouteShape<
    { readonly conversations: readonly ConversationRow[]; readonly next: string | null },
    Record<string, never>,
    Record<string, never>,
    ConversationFilter
  >
  'GET /inbox/conversations/:id': RouteShape<Conversation, Record<string, never>, ById>
  'POST /inbox/conversations/:id/reply': RouteShape<
    { readonly message: Message },
    { text: string; key: string },
    ById
  >
  'POST /inbox/conversations/:id/takeover': RouteShape<Done, Record<string, never>, ById>
  'POST /inbox/conversations/:id/release': RouteShape<Done, Record<string, never>, ById>
  'POST /inbox/conversations/:id/close': RouteShape<Done, Record<string, never>, ById>
  'GET /inbox/channels': RouteShape<{ readonly channels: readonly Channel[] }>
  'POST /inbox/channels': RouteShape<{ readonly channel: Channel }, NewChannel>
  'POST /inbox/channels/:id/secrets': RouteShape<
    Done,
    { appSecret?: string; verifyToken?: string; accessToken?: string },
    ById
  >
  'GET /inbox/rules': RouteShape<{ readonly rules: readonly Rule[] }>
  'POST /inbox/rules': RouteShape<{ readonly rule: Rule }, RuleContent>
  'PUT /inbox/rules/:id': RouteShape<{ readonly rule: Rule }, RuleContent, ById>
  'DELETE /inbox/rules/:id': RouteShape<Done, Record<string, never>, ById>
  'POST /inbox/rules/preview': RouteShape<
    RulePreview,
    { text: string; first: boolean; channelId: string | null }
  >
}
