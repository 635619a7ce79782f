import type { ById, Done, RouteShape } from './route-shape.ts'

/** Who answers: automatic replies, a person (automatic replies are silent), or nobody any more. */
export type ConversationStatus = 'bot' | 'human' | 'closed'

/** The way a message travels. */
export type ChannelKind = 'whatsapp' | 'webchat'

/** A conversation as the list shows it. */
export interface ConversationRow {
  readonly id: string
  readonly contact: {
    readonly id: string
    readonly name: string | null
    readonly state: 'active' | 'blocked' | 'erased'
  }
  readonly channel: { readonly id: string; readonly kind: ChannelKind }
  readonly status: ConversationStatus
  /** Id of the account that holds it. */
  readonly assignee: string | null
  readonly openedAt: string
  readonly lastInboundAt: string | null
  /** Since when the contact waits for a person; null when nobody waits. */
  readonly waitingSince: string | null
  /** Until when the channel accepts a free answer; null when it has no such limit. */
  readonly windowClosesAt: string | null
  readonly last: {
    readonly author: Author
    readonly status: MessageStatus
    readonly preview: string | null
    readonly at: string
  } | null
}

/** Who wrote a message. */
export type Author = 'contact' | 'rule' | 'person'

/** How far a message came. */
export type MessageStatus = 'received' | 'queued' | 'refused' | 'sent' | 'failed' | 'delivered' | 'read'

/** One message. */
export interface Message {
  readonly id: string
  readonly seq: number
  readonly direction: 'in' | 'out'
  readonly author: Author
  readonly authorId: string | null
  readonly ruleId: string | null
  /** What the provider calls it; `text` is null for most others. */
  readonly type: string
  readonly text: string | null
  readonly status: MessageStatus
  readonly errorCode: string | null
  readonly sentAt: string
  readonly provider: 'whatsapp' | 'stand-in' | 'webchat' | null
  /** Says in words that no provider was involved. */
  readonly providerLabel: string | null
  /** The send gate's verdict that it left with. */
  readonly gate: string | null
}

/** A page of a conversation, oldest message first; `older` asks for the page before. */
export interface ConversationPage {
  readonly conversation: ConversationRow
  readonly identities: readonly { readonly kind: string; readonly masked: string }[]
  readonly messages: readonly Message[]
  readonly older: number | null
}

/** What the list may be narrowed by. */
export interface ConversationFilter {
  readonly status?: 'open' | 'waiting' | ConversationStatus
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
  /** Said before the first automatic reply of a conversation. */
  readonly disclosure: string | null
  readonly state: 'ready' | 'broken' | 'disabled'
  readonly brokenCode: string | null
  readonly phoneNumberId: string | null
  readonly allowedOrigins: readonly string[]
  /** Where the provider delivers, or where a page finds the chat; below the public origin. */
  readonly path: string
  readonly secrets: Readonly<Partial<Record<SecretName, SecretHint>>>
}

/** The secrets of a WhatsApp channel. */
export type SecretName = 'app_secret' | 'verify_token' | 'access_token'

/** What connects a channel. */
export type NewChannel =
  | {
      readonly kind: 'whatsapp'
      readonly name: string
      readonly disclosure: string | null
      readonly phoneNumberId: string
      readonly appSecret: string
      readonly verifyToken: string
      readonly accessToken: string
    }
  | {
      readonly kind: 'webchat'
      readonly name: string
      readonly disclosure: string | null
      readonly allowedOrigins: readonly string[]
    }

/** What can change about a channel; what is left out stays. */
export interface ChannelChange {
  readonly enabled?: boolean
  readonly appSecret?: string
  readonly verifyToken?: string
  readonly accessToken?: string
}

/** When an automatic reply fires and what it says. */
export interface RuleContent {
  readonly name: string
  readonly kind: 'keyword' | 'first-message'
  /** Null: every channel. */
  readonly channelId: string | null
  readonly words: readonly string[]
  readonly reply: string
  /** 1 is tried first. */
  readonly priority: number
  readonly cooldownSeconds: number
  readonly enabled: boolean
}

/** An automatic reply; `version` guards against two people changing it at once. */
export interface Rule extends RuleContent {
  readonly id: string
  readonly version: number
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
  readonly reply: string | null
  readonly rules: readonly { readonly id: string; readonly name: string; readonly verdict: RuleVerdict }[]
}

type Nothing = Record<string, never>

/** Instant Reply, reached through the gateway. */
export interface InboxApi {
  'GET /inbox/conversations': RouteShape<
    { readonly conversations: readonly ConversationRow[]; readonly next: string | null },
    Nothing,
    Nothing,
    ConversationFilter
  >
  'GET /inbox/conversations/:id': RouteShape<ConversationPage, Nothing, ById, { readonly before?: number }>
  'POST /inbox/conversations/:id/reply': RouteShape<
    { readonly message: string },
    { text: string; key: string },
    ById
  >
  'POST /inbox/conversations/:id/takeover': RouteShape<Done, Nothing, ById>
  'POST /inbox/conversations/:id/release': RouteShape<Done, Nothing, ById>
  'POST /inbox/conversations/:id/close': RouteShape<Done, Nothing, ById>
  'GET /inbox/channels': RouteShape<{ readonly channels: readonly Channel[] }>
  'POST /inbox/channels': RouteShape<Channel, NewChannel>
  'PUT /inbox/channels/:id': RouteShape<Channel, ChannelChange, ById>
  'GET /inbox/rules': RouteShape<{ readonly rules: readonly Rule[] }>
  'POST /inbox/rules': RouteShape<Rule, RuleContent>
  'PUT /inbox/rules/:id': RouteShape<Rule, RuleContent, ById, { readonly version: number }>
  'DELETE /inbox/rules/:id': RouteShape<Done, Nothing, ById>
  'POST /inbox/rules/preview': RouteShape<RulePreview, { text: string; first: boolean; channelId: string }>
}
