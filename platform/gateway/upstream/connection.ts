import type { Socket } from 'node:net'
import { Answer, type AnswerSource } from './answer.ts'
import { openBodyReader, type BodyReader } from './answer-body.ts'
import { MalformedAnswer, readAnswerHead } from './answer-head.ts'

/** A request as it goes over the wire. */
export interface Written {
  readonly method: string
  readonly head: string
  readonly parts: readonly Uint8Array[]
}

/** Who waits for an answer; one of the two is called, once. */
export interface Waiter {
  answered(answer: Answer): void
  /** `silent`: not one byte of an answer came. */
  failed(error: Error, silent: boolean): void
}

/** What becomes of a connection after an answer. */
export interface Owner {
  /** It may be used again. */
  free(connection: Connection): void
  /** It is closed. */
  gone(connection: Connection): void
}

/** Bytes of the head of an answer. */
const HEAD_BYTES_MAX = 16 * 1024
/** Answers that only say that more is to come (RFC 9110 §15.2), before the one that counts. */
const INTERIM_MAX = 16
/** The service may close an unused connection so much earlier than it said. */
const EARLY_MS = 1000

/** One request on its way. */
interface Under {
  readonly method: string
  readonly waiter: Waiter
  /** Whether the request was written whole. */
  written: boolean
  /** Whether anything came since it was sent. */
  silent: boolean
  answer: Answer | null
  body: BodyReader | null
  interim: number
}

/** A kept connection to the protected service, for one request after the other. */
export class Connection implements AnswerSource {
  readonly #socket: Socket
  readonly #owner: Owner
  #under: Under | null = null
  /** The beginning of a head that is not there whole. */
  #begun: Buffer | null = null
  #freeUntil = Number.POSITIVE_INFINITY
  #timed = false
  /** Whether it had a request before this one: then the service may have closed it meanwhile. */
  used = false

  constructor(socket: Socket, owner: Owner) {
    this.#socket = socket
    this.#owner = owner
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
    socket.on('end', () => this.#lose(new Error('the connection was ended'), true))
    socket.on('error', (error) => this.#lose(error))
    socket.on('timeout', () => socket.destroy())
    socket.on('close', () => {
      this.#lose(new Error('the connection was closed'))
      owner.gone(this)
    })
  }

  /** Whether a request may be sent now, as far as one can know. */
  isUsable(nowMs: number): boolean {
    return this.#under === null && !this.#socket.destroyed && nowMs < this.#freeUntil
  }

  /** Sends a request; `written` is called once nothing of it is needed any more. */
  ask({ method, head, parts }: Written, waiter: Waiter, written: () => void): void {
    const under: Under = {
      method,
      waiter,
      written: false,
      silent: true,
      answer: null,
      body: null,
      interim: 0,
    }
    this.#under = under
    const done = (): void => {
      under.written = true
      written()
    }
    if (parts.length === 0) {
      this.#socket.write(head, 'latin1')
      return done()
    }
    this.#socket.cork()
    this.#socket.write(head, 'latin1')
    const last = parts.length - 1
    for (const [index, part] of parts.entries()) this.#socket.write(part, index === last ? done : undefined)
    this.#socket.uncork()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  cut(): void {
    this.#socket.destroy()
  }

  idleMax(milliseconds: number): void {
    this.#timed = milliseconds > 0
    this.#socket.setTimeout(milliseconds)
  }

  #take(bytes: Buffer): void {
    const under = this.#under
    // Bytes that nobody asked for would be taken for the answer to the next request.
    if (under === null) return this.cut()
    under.silent = false
    try {
      if (under.body === null) this.#takeHead(under, bytes)
      else this.#takeBody(under, under.body, bytes)
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error('an answer could not be read', { cause: error }))
      this.cut()
    }
  }

  #takeHead(under: Under, arrived: Buffer): void {
    const bytes = this.#begun === null ? arrived : Buffer.concat([this.#begun, arrived])
    this.#begun = null
    const end = bytes.indexOf('\r\n\r\n', 0, 'latin1')
    if ((end < 0 ? bytes.length : end) > HEAD_BYTES_MAX)
      throw new MalformedAnswer('the head of the answer is too long')
    if (end < 0) {
      this.#begun = bytes
      return
    }
    const head = readAnswerHead(bytes.toString('latin1', 0, end), under.method)
    const rest = bytes.subarray(end + 4)
    if (head.status < 200) {
      under.interim += 1
      // What was not asked for, such as another protocol, is not begun.
      if (head.status === 101 || under.interim > INTERIM_MAX)
        throw new MalformedAnswer('nobody asked for another protocol')
      if (rest.length > 0) this.#takeHead(under, rest)
      return
    }
    const answer = new Answer(head, this)
    under.answer = answer
    under.body = openBodyReader(head.framing, (part) => answer.push(part))
    under.waiter.answered(answer)
    if (rest.length > 0 || head.framing === 0) this.#takeBody(under, under.body, rest)
  }

  #takeBody(under: Under, body: BodyReader, bytes: Buffer): void {
    const state = body(bytes)
    if (state === 'more') return
    this.#under = null
    const head = under.answer?.head
    if (state === 'whole' && under.written && head?.keeps === true) this.#free(head.keptSeconds)
    else this.cut()
    under.answer?.finish('whole')
  }

  #free(keptSeconds: number | null): void {
    if (this.#timed) this.idleMax(0)
    this.#freeUntil =
      keptSeconds === null ? Number.POSITIVE_INFINITY : performance.now() + keptSeconds * 1000 - EARLY_MS
    this.used = true
    // Whoever took the answer may have stopped it in the middle.
    if (this.#socket.isPaused()) this.#socket.resume()
    // What was sent beyond the answer may be read next, and would be taken for that of another request.
    setImmediate(() => {
      if (!this.#socket.destroyed) this.#owner.free(this)
    })
  }

  /** The connection is of no use any more: whoever waits is told. */
  #lose(error: Error, ended = false): void {
    const under = this.#under
    this.#under = null
    this.cut()
    if (under === null) return
    if (under.answer === null) return under.waiter.failed(error, under.silent)
    under.answer.finish(ended && under.answer.head.framing === 'until-close' ? 'whole' : 'broken')
  }
}
