import type { CarrierFace, Letter, TextMessage } from './post.ts'

/** A message with the id that its row has, which never changes between two tries. */
export type Numbered<Message> = Message & { readonly id: string }

/** Hands messages over to whoever delivers them; throws `NotTaken` when they do not take one. */
export interface Carrier<Message> extends CarrierFace {
  carry(message: Numbered<Message>): Promise<void>
}

/** Who delivers letters and who delivers text messages. */
export interface Carriers {
  readonly letter: Carrier<Letter>
  readonly text: Carrier<TextMessage>
}

/** A message that was not taken; `reason` is in fixed words, without recipient or content, for the outbox and the log. */
export class NotTaken extends Error {
  readonly reason: string
  /** Trying again is useless. */
  readonly forGood: boolean

  constructor(reason: string, forGood: boolean) {
    super(`the message was not taken: ${reason}`)
    this.name = 'NotTaken'
    this.reason = reason
    this.forGood = forGood
  }
}
