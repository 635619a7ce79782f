import type { AnswerHead } from './answer-head.ts'

/** Who takes the body of an answer. */
export interface Taker {
  part(bytes: Buffer): void
  /** All of it came. */
  end(): void
  /** It broke off. */
  broken(): void
}

/** What an answer may do with the connection that it comes over. */
export interface AnswerSource {
  pause(): void
  resume(): void
  /** Ends the connection; nothing more comes. */
  cut(): void
  /** Cuts the connection once no byte came for so long; 0: never. */
  idleMax(milliseconds: number): void
}

/** An answer of the protected service, whose body waits until somebody takes it. */
export class Answer {
  readonly head: AnswerHead
  readonly #source: AnswerSource
  readonly #waiting: Buffer[] = []
  #taker: Taker | null = null
  #paused = false
  /** Whether the source was told to wait. */
  #stopped = false
  #state: 'coming' | 'whole' | 'broken' | 'told' = 'coming'

  constructor(head: AnswerHead, source: AnswerSource) {
    this.head = head
    this.#source = source
  }

  /** Hands the body to a taker, what waits of it before this returns; another taker gets what this one did not. */
  take(taker: Taker): void {
    this.#taker = taker
    this.resume()
  }

  /** Stops handing on parts until `resume`. */
  pause(): void {
    this.#paused = true
    this.#stop()
  }

  resume(): void {
    this.#paused = false
    while (!this.#isHeld() && this.#waiting.length > 0) this.#give(this.#waiting.shift())
    if (this.#isHeld()) return
    if (this.#state !== 'coming') return this.#tell()
    if (this.#stopped) this.#source.resume()
    this.#stopped = false
  }

  /** Gives the answer up. */
  destroy(): void {
    if (this.#state === 'coming') this.#source.cut()
  }

  idleMax(milliseconds: number): void {
    if (this.#state === 'coming') this.#source.idleMax(milliseconds)
  }

  /** A part arrived. */
  push(bytes: Buffer): void {
    if (!this.#isHeld() && this.#waiting.length === 0) return this.#give(bytes)
    // Nobody reads yet: the rest stays where it is.
    if (this.#waiting.push(bytes) > 1) this.#stop()
  }

  /** The last part arrived, or none will. */
  finish(how: 'whole' | 'broken'): void {
    if (this.#state !== 'coming') return
    this.#state = how
    if (!this.#isHeld() && this.#waiting.length === 0) this.#tell()
  }

  #isHeld(): boolean {
    return this.#paused || this.#taker === null
  }

  #stop(): void {
    if (this.#stopped || this.#state !== 'coming') return
    this.#stopped = true
    this.#source.pause()
  }

  #give(bytes: Buffer | undefined): void {
    if (bytes !== undefined) this.#taker?.part(bytes)
  }

  #tell(): void {
    const how = this.#state
    if (how !== 'whole' && how !== 'broken') return
    this.#state = 'told'
    if (how === 'whole') this.#taker?.end()
    else this.#taker?.broken()
  }
}
