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
}

/** What leaves the platform for people. */
export interface Post {
  /** Puts a letter into the outbox in the caller's transaction; a job delivers it and tries again when it must. */
  letter(tx: Database, letter: Letter): Promise<void>
  /** The same for a text message. */
  textMessage(tx: Database, message: TextMessage): Promise<void>
}
