import type { Database } from '../db/index.ts'

/** A letter to one person. */
export interface Letter {
  /** E-mail address; personal data, sealed in the outbox. */
  readonly to: string
  readonly subject: string
  /** Plain text; may hold a one-time link, so it is sealed in the outbox and removed once delivered. */
  readonly text: string
  /** Stable name of the letter, e.g. `factor-added`. */
  readonly kind: string
  /** Whom it concerns, for the audit log: an account id. */
  readonly account: string | null
}

/** A text message to one telephone number in E.164 form. */
export interface TextMessage {
  readonly to: string
  readonly text: string
  readonly kind: string
  readonly account: string | null
  /** After this moment it is worth nothing and is not delivered any more. */
  readonly goodUntil?: Date
}

/** Who delivers. */
export interface CarrierFace {
  /** E.g. `twilio`. */
  readonly name: string
  /** It delivers nothing to anybody and only shows what would have been sent. */
  readonly standIn: boolean
}

/** What leaves the platform for people. */
export interface Post {
  /**
   * Puts a letter into the outbox in the caller's transaction; a job delivers it and tries again when it must. Throws for a
   * recipient or a subject that no letter may have.
   */
  letter(tx: Database, letter: Letter): Promise<void>
  /** The same for a text message. */
  textMessage(tx: Database, message: TextMessage): Promise<void>
  /** What checks of the system sent to their own probe account, the newest first; nobody else has such messages. */
  kept(
    account: string,
  ): Promise<readonly { readonly kind: string; readonly to: string; readonly text: string }[]>
  /** What became of the text messages since a moment. */
  textsSince(since: Date): Promise<{ readonly delivered: number; readonly dead: number }>
  /** Who delivers letters and text messages here. */
  readonly carriers: { readonly letter: CarrierFace; readonly text: CarrierFace }
}

/** The domain of addresses that reach nobody (RFC 2606): letters to it stay in the outbox, for checks of the system. */
export const KEPT_DOMAIN = 'check.invalid'
/** The start of the numbers that Ofcom reserves for drama and that reach nobody; text messages to them stay, too. */
export const KEPT_NUMBERS = '+447700900'

/** Whether a message to this recipient stays in the outbox. */
export function isKept(to: string): boolean {
  return to.endsWith(`@${KEPT_DOMAIN}`) || (to.startsWith(KEPT_NUMBERS) && to.length === 13)
}
