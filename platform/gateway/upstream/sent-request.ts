import type { Answer } from './answer.ts'
import type { Connection, Waiter, Written } from './connection.ts'
import type { Pool, Wanting } from './pool.ts'

/** How a request came out: an answer, or why there is none. */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** `reused`: the connection was kept from before and nothing came: the service may have closed it meanwhile. */
  | { readonly kind: 'failed'; readonly error: Error; readonly reused: boolean }
  /** A connection or an answer took too long. */
  | { readonly kind: 'late' }

/** Who asked, and how long it may take. */
export interface Call {
  /** Called once, unless the request is given up before. */
  settled(outcome: Outcome): void
  /** Called once nothing of the request is needed any more. */
  written(): void
  /** Milliseconds until there is a connection, until the request is written, and from then to the head of the answer. */
  readonly connectMs: number
  readonly writeMs: number
  readonly responseMs: number
  /** Never over a connection that was kept. */
  readonly fresh: boolean
}

/** A request on its way: holds a connection, or waits for one, and watches the time. */
export class SentRequest implements Wanting, Waiter {
  readonly fresh: boolean
  readonly #pool: Pool
  readonly #request: Written
  readonly #call: Call
  #timer: NodeJS.Timeout | undefined
  #connection: Connection | null = null
  #answer: Answer | null = null
  #connected = false
  #isWritten = false
  #over = false

  constructor(pool: Pool, request: Written, call: Call) {
    this.#pool = pool
    this.#request = request
    this.#call = call
    this.fresh = call.fresh
    pool.want(this)
    if (!this.#connected) this.#within(call.connectMs)
  }

  got(connection: Connection, connected: boolean): void {
    this.#connection = connection
    // Waited for or not: from here on nobody waits for a connection.
    if (connected) this.#stands()
    connection.ask(this.#request, this, () => {
      this.#call.written()
      this.#isWritten = true
      if (this.#connected) this.#within(this.#call.responseMs)
    })
    // A service need not read a body.
    if (connected && !this.#isWritten) this.#within(this.#call.writeMs)
  }

  connected(): void {
    this.#stands()
    this.#within(this.#isWritten ? this.#call.responseMs : this.#call.writeMs)
  }

  #stands(): void {
    this.#connected = true
    clearTimeout(this.#timer)
  }

  answered(answer: Answer): void {
    this.#answer = answer
    this.#settle({ kind: 'answered', answer })
  }

  failed(error: Error, silent: boolean): void {
    this.#settle({ kind: 'failed', error, reused: silent && this.#connection?.used === true })
  }

  /** Gives it up: nobody is told anything more. */
  leave(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#pool.forget(this)
    // An answer that is whole left its connection to others.
    if (this.#answer === null) this.#connection?.cut()
    else this.#answer.destroy()
  }

  #within(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (this.#over) return
    this.#timer = setTimeout(() => {
      this.#settle({ kind: 'late' })
      this.leave()
    }, milliseconds)
  }

  #settle(outcome: Outcome): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#call.settled(outcome)
  }
}
