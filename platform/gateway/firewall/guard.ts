import type { RequestHead, ResponseHead, RuleSet, Transaction, Verdict } from '#waf'
import type { Clock } from '../../kernel/clock.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { clientSite } from '../client-network.ts'
import type { Exchange, NodeRequest } from '../exchange.ts'
import type { GatewayLimits } from '../limits.ts'
import { networkRate } from '../parameters.ts'
import type { Firewall } from './firewall.ts'
import { emptyBody, hasBody, holdBody, openBodyRoom, type BodyRoom, type HeldBody } from './guard-body.ts'
import { pathOf, requestHead, transactionStart, type Connection } from './guard-head.ts'
import { openInspectionShare, openTurns, type InspectionShare, type Turns } from './guard-share.ts'
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
  readonly policy: PolicyReader
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
  /** Phase 1, and phase 2 where no body follows; waits for its turns when there is much to look at. */
  head(): Promise<void> | undefined
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

/** What all requests of a listener share. */
interface Shared {
  readonly room: BodyRoom
  readonly share: InspectionShare
  readonly turns: Turns
}

/** Makes the guard of one listener. */
export function openGuard(parts: GuardParts): Guard {
  const { heldBytesMax, heldBytesPerClientMax, inspectionMsPerMinuteMin, inspectionMsPerRequest } =
    parts.limits
  // As many milliseconds as go with the requests that a network may send. Policy 4.1-d.
  const perMinute = (): number =>
    Math.max(inspectionMsPerMinuteMin, parts.policy.read(networkRate) * inspectionMsPerRequest)
  const shared = {
    room: openBodyRoom(heldBytesMax, heldBytesPerClientMax),
    share: openInspectionShare(parts.clock, perMinute),
    turns: openTurns(),
  }
  return {
    watch: (incoming, exchange) => new WatchedRequest(parts, shared, incoming, exchange),
    malformed: (bytes, socket, exchange) => {
      const client = clientSite(exchange.ip)
      if (shared.share.isOver(client)) return
      const from = performance.now()
      lookAtRefused(parts, bytes, socket, exchange)
      shared.share.add(client, performance.now() - from)
    },
  }
}

/** Bytes of a head or body up to which the rules look at it in one go, and milliseconds of a step beyond them. */
const SMALL_BYTES = 2048
const STEP_MS = 10

class WatchedRequest implements Watch {
  readonly awaitsBody: boolean
  readonly #parts: GuardParts
  readonly #shared: Shared
  readonly #client: string
  readonly #incoming: NodeRequest
  readonly #exchange: Exchange
  readonly #rules: RuleSet | null = null
  readonly #transaction: Transaction | null = null
  readonly #broken: unknown
  readonly #releases: (() => void)[] = []
  #head: RequestHead | null = null
  #ms = 0
  /** How much of `#ms` its network was charged with. */
  #charged = 0
  #ended = false

  constructor(parts: GuardParts, shared: Shared, incoming: NodeRequest, exchange: Exchange) {
    this.#parts = parts
    this.#shared = shared
    this.#client = clientSite(exchange.ip)
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

  head(): Promise<void> | undefined {
    if (this.#broken !== undefined) throw failed(this.#broken)
    if (this.#transaction === null) return undefined
    this.#shared.share.require(this.#client)
    const head = requestHead(this.#incoming)
    this.#head = head
    this.#obey((transaction) => transaction.request(head))
    if (this.awaitsBody) return undefined
    const { url = '', headers } = this.#incoming
    return this.#phase2(false, url.length + (headers.cookie ?? '').length)
  }

  async body(bytesMax: number, proceed: () => void): Promise<HeldBody> {
    if (!this.awaitsBody) return emptyBody
    proceed()
    const { room } = this.#shared
    const body = await holdBody(this.#incoming, { bytesMax, client: this.#client, room })
    this.#releases.push(body.release)
    if (this.#transaction === null) return body
    for (const part of body.parts) this.#obey((transaction) => transaction.bodyPart(part))
    const signed = this.#parts.ways.signed(this.#incoming, body.parts)
    await this.#phase2(signed, body.bytes)
    return body
  }

  #phase2(signed: boolean, bytes: number): Promise<void> | undefined {
    if (bytes > SMALL_BYTES && this.#transaction !== null) return this.#inSteps(this.#transaction, signed)
    this.#obey((transaction) => transaction.bodyEnd({ signed }))
    return undefined
  }

  /** One large request must not keep all others waiting. Policy 4.1-d. */
  async #inSteps(transaction: Transaction, signed: boolean): Promise<void> {
    let from = performance.now()
    const pause = (): void => {
      this.#ms += performance.now() - from
      this.#charge()
    }
    const turn = async (): Promise<void> => {
      pause()
      await this.#shared.turns(this.#client)
      from = performance.now()
      this.#shared.share.require(this.#client)
    }
    let verdict: Verdict | null
    try {
      verdict = await transaction.bodyEndInSteps({ signed }, { turn, stepMs: STEP_MS })
    } catch (error) {
      throw error instanceof Problem ? error : failed(error)
    } finally {
      pause()
    }
    if (verdict !== null) throw new Blocked(verdict)
  }

  #charge(): void {
    this.#shared.share.add(this.#client, this.#ms - this.#charged)
    this.#charged = this.#ms
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
    this.#releases.push(this.#shared.room.take(this.#client, bytes))
  }

  end(status: number): void {
    if (this.#ended) return
    this.#ended = true
    for (const release of this.#releases.splice(0)) release()
    const { firewall, log } = this.#parts
    const { requestId, ip, client = '' } = this.#exchange
    try {
      const seen = this.#ask<ReturnType<Transaction['end']> | null>((transaction) => transaction.end(), null)
      this.#charge()
      if (seen === null) return
      const method = this.#incoming.method ?? ''
      const pattern = this.#pattern()
      const judged = { requestId, method, pattern, head: this.#head, status, ip, client, ms: this.#ms }
      const from = performance.now()
      firewall.report(seen, judged)
      // What it takes to write things down is charged as well.
      this.#shared.share.add(this.#client, performance.now() - from)
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
