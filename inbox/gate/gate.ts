import { coolingDown } from '../rules/choose.ts'

/** Customers may be answered freely for 24 hours after they wrote (WhatsApp's customer service window). */
export const WINDOW_SECONDS = 86_400
/** More automatic messages than this to one contact within `LOOP_SECONDS` look like two machines talking. */
const LOOP_MESSAGES_MAX = 5
/** The span that automatic messages are counted over. */
export const LOOP_SECONDS = 600

/** Everything that decides whether one message may leave. */
export interface GateInput {
  readonly now: Date
  /** `rule` is a machine, `person` an agent or an API client. */
  readonly author: 'rule' | 'person'
  readonly channel: {
    readonly kind: 'whatsapp' | 'webchat'
    readonly state: 'ready' | 'broken' | 'disabled'
  }
  readonly contact: 'active' | 'blocked' | 'erased'
  readonly optedOut: boolean
  readonly conversation: 'bot' | 'human' | 'closed'
  /** When the contact last wrote, by the contact's own clock as the provider tells it. */
  readonly lastInboundAt: Date | null
  /** Web chat: when the visitor's session ends. */
  readonly sessionEndsAt: Date | null
  /** When this rule last answered this contact, and how long it must then be silent. */
  readonly lastFiredAt: Date | null
  readonly cooldownSeconds: number
  /** Automatic messages to this contact within the last ten minutes. */
  readonly automaticRecently: number
}

/** Why a message may or may not leave, each with what would change it. */
export const GATE_CODES = {
  allowed: 'the message may leave',
  'contact-erased': 'the contact was erased; nothing may be sent',
  'contact-blocked': 'the contact is blocked; unblock it first',
  'channel-disabled': 'the channel is switched off; switch it on first',
  'channel-broken': 'the provider refused the channel’s credentials; set new ones first',
  'conversation-closed': 'the conversation was closed; wait for the contact to write',
  'opted-out': 'the contact asked for no automatic messages; only a person may answer until they write START',
  'held-by-person': 'a person holds the conversation; release it first',
  'window-closed': 'the contact last wrote 24 hours ago or more; wait for them to write',
  'session-ended': 'the visitor’s chat session has ended; wait for them to return',
  'cooling-down': 'the rule answered this contact a short while ago; wait for its cooldown',
  loop: 'five automatic messages left within ten minutes; a person must go on',
} as const satisfies Record<string, string>

/** The stable name of a gate's verdict. */
export type GateCode = keyof typeof GATE_CODES

/** A verdict; `why` says what would change it. */
export interface GateVerdict {
  readonly allow: boolean
  readonly code: GateCode
  readonly why: string
}

/** The checks, in order; the first that objects gives the code. */
const CHECKS: readonly (readonly [GateCode, (input: GateInput) => boolean])[] = [
  ['contact-erased', ({ contact }) => contact === 'erased'],
  ['contact-blocked', ({ contact }) => contact === 'blocked'],
  ['channel-disabled', ({ channel }) => channel.state === 'disabled'],
  ['channel-broken', ({ channel }) => channel.state === 'broken'],
  ['conversation-closed', ({ author, conversation }) => author === 'rule' && conversation === 'closed'],
  ['opted-out', ({ author, optedOut }) => author === 'rule' && optedOut],
  ['held-by-person', ({ author, conversation }) => author === 'rule' && conversation === 'human'],
  [
    'window-closed',
    (input) => input.channel.kind === 'whatsapp' && !windowOpen(input.lastInboundAt, input.now),
  ],
  ['session-ended', (input) => input.channel.kind === 'webchat' && !sessionOpen(input)],
  ['cooling-down', (input) => input.author === 'rule' && cooling(input)],
  ['loop', ({ author, automaticRecently }) => author === 'rule' && automaticRecently >= LOOP_MESSAGES_MAX],
]

/** Decides about one outgoing message. Pure: the same input always gives the same verdict. */
export function gate(input: GateInput): GateVerdict {
  const objection = CHECKS.find(([, objects]) => objects(input))
  const code = objection?.[0] ?? 'allowed'
  return { allow: code === 'allowed', code, why: GATE_CODES[code] }
}

/** Whether the window is open: for less than 24 hours after the contact wrote; at 24:00:00.000 it is closed. */
export function windowOpen(lastInboundAt: Date | null, now: Date): boolean {
  return lastInboundAt !== null && now.getTime() - lastInboundAt.getTime() < WINDOW_SECONDS * 1000
}

function sessionOpen({ sessionEndsAt, now }: GateInput): boolean {
  return sessionEndsAt !== null && now.getTime() < sessionEndsAt.getTime()
}

function cooling({ lastFiredAt, cooldownSeconds, now }: GateInput): boolean {
  return coolingDown(lastFiredAt ?? undefined, cooldownSeconds, now)
}
