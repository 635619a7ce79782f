import type { RequestHead, ResponseHead, RuleSet, Transaction, Verdict } from '#waf'
import type { Clock } from '../../kernel/clock.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { clientNetwork } from '../client-network.ts'
import type { Exchange, NodeRequest } from '../exchange.ts'
import type { GatewayLimits } from '../limits.ts'
import type { Firewall } from './firewall.ts'
import { emptyBody, hasBody, holdBody, openBodyRoom, type BodyRoom, type HeldBody } from './guard-body.ts'
import { pathOf, requestHead, transactionStart, type Connection } from './guard-head.ts'
import type { SignedWays } from './guard-signed.ts'
import { lookAtRefused } from './guard-refused.ts'
import { Blocked } from './guard-verdict.ts'

/** What the guard works with. */
export interface GuardParts {
  readonly clock: Clock
  readonly log: Log
  readonly limits: GatewayLimits
  readonly firewall: Firewall
  /** Knows deliveries that their provider signed. */
  readonly ways: SignedWays
  /** Names the route that a path belongs to; left out: none has a name. */
  readonly routeOf?: (path: string) => string
}

/** Stands between every request and whatever would answer it. Policy 4.1-a. */
export interface Guard {
  /** Begins to watch a request. Never throws: what goes wrong here refuses the request at its head. */
  watch(incoming: NodeRequest, exchange: Exchange): Watch
  /** Looks at bytes that HTTP refused, so that the log says what they were; they are refused in any case. */
  malformed(bytes: Uint8Array, socket: Connection, exchange: Exchange): void
}

/**
 * One request and its answer as the rules see them. Methods throw `Blocked` when the rules stop it, and `firewall.failed`
 * when they could not be asked: what was not looked at does not pass.
 */
export interface Watch {
  /** Whether a body is still to come. */
  readonly awaitsBody: boolean
  /** Whether answers are looked at, for which they must come without a content encoding. */
  readonly readsAnswers: boolean
  /** Phase 1, and phase 2 where no body follows. */
  head(): void
  /** Reads the body whole and has phase 2 look at it; `proceed` asks a client for it that waits. */
  body(bytesMax: number, proceed: () => void): Promise<HeldBody>
  /** Phase 3; tells whether phase 4 wants to see the answer's body. */
  answer(head: ResponseHead): boolean
  /** Takes a part of the answer's body; tells whether more of it is wanted. */
  answerPart(part: Uint8Array): boolean
  /** Phase 4. */
  answerEnd(): void
  /** Takes room for a held part of an answer, until the end. */
  hold(bytes: number): void
  /** Phase 5, once: reports what was seen of a request that was answered with `status`, 0 for none. */
  end(status: number): void
}

/** Makes the guard of one listener. */
export function openGuard(parts: GuardParts): Guard {
  const { heldBytesMax, heldBytesPerClientMax } = parts.limits
  const room = openBodyRoom(heldBytesMax, heldBytesPerClientMax)
  return {
    watch: (incoming, exchange) => new WatchedRequest(parts, room, incoming, exchange),
    malformed: (bytes, socket, exchange) => lookAtRefused(parts, bytes, socket, exchange),
  }
}

class WatchedRequest implements Watch {
  readonly awaitsBody: boolean
  readonly #parts: GuardParts
  readonly #room: BodyRoom
  readonly #incoming: NodeRequest
  readonly #exchange: Exchange
  readonly #rules: RuleSet | null = null
  readonly #transaction: Transaction | null = null
  readonly #broken: unknown
  readonly #releases: (() => void)[] = []
  #head: RequestHead | null = null
  #ms = 0
  #ended = false

  constructor(parts: GuardParts, room: BodyRoom, incoming: NodeRequest, exchange: Exchange) {
    this.#parts = parts
    this.#room = room
    this.#incoming = incoming
    this.#exchange = exchange
    this.awaitsBody = hasBody(incoming)
    const from = performance.now()
    try {
      this.#rules = parts.firewall.for(incoming.method ?? '', pathOf(incoming.url ?? ''))
      const host = incoming.headers[':authority'] ?? incoming.headers.host
      this.#transaction =
        this.#rules?.begin(transactionStart(exchange, incoming.socket, host, parts.clock.now())) ?? null
    } catch (error) {
      this.#broken = error
    }
    this.#ms += performance.now() - from
  }

  get readsAnswers(): boolean {
    const settings = this.#rules?.settings
    return (
      settings !== undefined && settings.responseBodyBytesMax > 0 && settings.responseMimeTypes.length > 0
    )
  }

  head(): void {
    if (this.#broken !== undefined) throw failed(this.#broken)
    if (this.#transaction === null) return
    const head = requestHead(this.#incoming)
    this.#head = head
    this.#obey((transaction) => transaction.request(head))
    if (!this.awaitsBody) this.#obey((transaction) => transaction.bodyEnd())
  }

  async body(bytesMax: number, proceed: () => void): Promise<HeldBody> {
    if (!this.awaitsBody) return emptyBody
    proceed()
    const client = clientNetwork(this.#exchange.ip)
    const body = await holdBody(this.#incoming, { bytesMax, client, room: this.#room })
    this.#releases.push(body.release)
    if (this.#transaction === null) return body
    for (const part of body.parts) this.#obey((transaction) => transaction.bodyPart(part))
    const signed = this.#parts.ways.signed(this.#incoming, body.parts)
    this.#obey((transaction) => transaction.bodyEnd({ signed }))
    return body
  }

  answer(head: ResponseHead): boolean {
    this.#obey((transaction) => transaction.response(head))
    return this.#ask((transaction) => transaction.wantsResponseBody(), false)
  }

  answerPart(part: Uint8Array): boolean {
    return this.#ask((transaction) => transaction.responsePart(part), false)
  }

  answerEnd(): void {
    this.#obey((transaction) => transaction.responseEnd())
  }

  hold(bytes: number): void {
    this.#releases.push(this.#room.take('answers', bytes))
  }

  end(status: number): void {
    if (this.#ended) return
    this.#ended = true
    for (const release of this.#releases.splice(0)) release()
    const { firewall, log } = this.#parts
    const { requestId, ip, client = '' } = this.#exchange
    try {
      const seen = this.#ask<ReturnType<Transaction['end']> | null>((transaction) => transaction.end(), null)
      if (seen === null) return
      const method = this.#incoming.method ?? ''
      const pattern = this.#pattern()
      const judged = { requestId, method, pattern, head: this.#head, status, ip, client, ms: this.#ms }
      firewall.report(seen, judged)
    } catch (error) {
      log.error({ requestId, ...errorRecord(error) }, 'what the firewall saw is lost')
    }
  }

  /** What was stopped before anything answered is told by the route that would have. */
  #pattern(): string {
    const { pattern } = this.#exchange
    if (pattern !== 'firewall') return pattern
    return this.#parts.routeOf?.(pathOf(this.#incoming.url ?? '')) ?? pattern
  }

  #obey(look: (transaction: Transaction) => Verdict | null): void {
    const verdict = this.#ask(look, null)
    if (verdict !== null) throw new Blocked(verdict)
  }

  #ask<Answer>(look: (transaction: Transaction) => Answer, without: Answer): Answer {
    if (this.#transaction === null) return without
    const from = performance.now()
    try {
      return look(this.#transaction)
    } catch (error) {
      throw failed(error)
    } finally {
      this.#ms += performance.now() - from
    }
  }
}

function failed(cause: unknown): Problem {
  return new Problem('firewall.failed', 'The request could not be looked at, so it does not pass.', { cause })
}
