import type { Report, RequestHead, ResponseHead, RuleSet, Transaction, TransactionStart, Verdict } from '#waf'
import type { Firewall, Judged } from './firewall.ts'

/** What the sample rules were shown of one request. */
export interface SeenRequest {
  readonly start: TransactionStart
  /** The calls in their order. */
  readonly calls: string[]
  head: RequestHead | null
  answer: ResponseHead | null
  body: string
  signed: boolean
  answerBody: string
  judged: Judged | null
  report: Report | null
}

/** A firewall with a handful of rules written out, which insists on the order of calls and keeps what it saw. */
export interface SampleFirewall extends Firewall {
  readonly seen: SeenRequest[]
  /** The request with this text in its target, once its report came. */
  reported(text: string): Promise<SeenRequest>
  /** Whether rules are loaded. */
  loaded: boolean
}

/** Bytes of an answer that the sample rules read. */
export const SAMPLE_ANSWER_BYTES = 1000

const settings = {
  requestBodyBytesMax: 20 * 1024 * 1024,
  responseBodyBytesMax: SAMPLE_ANSWER_BYTES,
  responseMimeTypes: ['text/html', 'text/plain'],
}

/**
 * Opens one. A head with `evil-head` is stopped in phase 1, a target or body with `attack` in phase 2, an answer with a
 * header `x-leak` in phase 3, one with `leaked` in its body in phase 4; `drop-me` and `lead-away` in a target end the
 * connection and redirect; `break-N` in a target makes phase N fail.
 */
export function sampleFirewall(): SampleFirewall {
  const waiting = new Set<() => void>()
  const rules: RuleSet = {
    rulesLoaded: 6,
    fingerprint: 'sample',
    components: ['sample/1'],
    settings,
    variant: () => rules,
    describe: () => null,
    begin: (start) => begin(start, firewall.seen),
  }
  const firewall: SampleFirewall = {
    seen: [],
    loaded: true,
    for: () => (firewall.loaded ? rules : null),
    report: (report, judged) => {
      const seen = firewall.seen.find(({ start }) => start.uniqueId === report.uniqueId)
      if (seen !== undefined) Object.assign(seen, { report, judged })
      for (const look of waiting) look()
    },
    reported: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = firewall.seen.find(({ head, judged }) => judged && head?.target.includes(text))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
  return firewall
}

const ORDER = ['request', 'bodyPart', 'bodyEnd', 'response', 'responsePart', 'responseEnd', 'end']

type RequestSide = 'request' | 'bodyPart' | 'bodyEnd' | 'bodyEndInSteps'

interface Progress {
  readonly seen: SeenRequest
  readonly blocked: () => Verdict | null
  /** Notes a call; fails when it is out of order or meant to fail. */
  enter(call: string): void
  stop(found: boolean, phase: 1 | 2 | 3 | 4, action?: Verdict['action']): Verdict | null
}

function progressOf(start: TransactionStart): Progress {
  const calls: string[] = []
  const empty = { head: null, answer: null, judged: null, report: null }
  const seen: SeenRequest = { start, calls, ...empty, body: '', signed: false, answerBody: '' }
  let blocked: Verdict | null = null
  return {
    seen,
    blocked: () => blocked,
    enter: (call) => {
      const before = calls.at(-1) ?? ''
      const again = call === before && call.endsWith('Part')
      const late = ORDER.indexOf(call) <= ORDER.indexOf(before) && !again
      if (late || (blocked !== null && call !== 'end')) throw new Error(`${call} came after ${calls.join()}`)
      calls.push(call)
      const phase = { request: 1, bodyEnd: 2, response: 3, responseEnd: 4, end: 5 }[call]
      if (phase !== undefined && seen.head?.target.includes(`break-${phase}`) === true)
        throw new Error('the engine broke with a secret in its message')
    },
    stop: (found, phase, action = 'deny') => {
      if (!found) return null
      const location = action === 'redirect' ? 'https://elsewhere.example/' : null
      const message = 'secret of the rule'
      return (blocked = { rule: 900 + phase, phase, action, status: 403, location, message })
    },
  }
}

function begin(start: TransactionStart, all: SeenRequest[]): Transaction {
  const progress = progressOf(start)
  all.push(progress.seen)
  return { ...requestSide(progress), ...answerSide(progress) }
}

function requestSide({ seen, enter, stop }: Progress): Pick<Transaction, RequestSide> {
  const bodyEnd: Transaction['bodyEnd'] = (facts) => {
    enter('bodyEnd')
    seen.signed = facts?.signed ?? false
    const found = seen.head?.target.includes('attack') === true || seen.body.includes('attack')
    return stop(found && !seen.signed, 2)
  }
  return {
    request: (head) => {
      seen.head = head
      enter('request')
      if (head.target.includes('drop-me')) return stop(true, 1, 'drop')
      if (head.target.includes('lead-away')) return stop(true, 1, 'redirect')
      return stop(head.headers.join('\n').includes('evil-head'), 1)
    },
    bodyPart: (part) => {
      enter('bodyPart')
      seen.body += Buffer.from(part).toString('latin1')
      return null
    },
    bodyEnd,
    bodyEndInSteps: async (facts, { turn }) => {
      await turn()
      return bodyEnd(facts)
    },
  }
}

function answerSide({ seen, blocked, enter, stop }: Progress): Omit<Transaction, RequestSide> {
  return {
    response: (head) => {
      enter('response')
      seen.answer = head
      return stop(head.headers.includes('x-leak'), 3)
    },
    wantsResponseBody: () => {
      const at = seen.answer?.headers.findIndex((name) => name.toLowerCase() === 'content-type') ?? -1
      return (seen.answer?.headers[at + 1] ?? '').startsWith('text/') && seen.head?.method !== 'HEAD'
    },
    responsePart: (part) => {
      enter('responsePart')
      const room = SAMPLE_ANSWER_BYTES - seen.answerBody.length
      seen.answerBody += Buffer.from(part).toString('latin1').slice(0, room)
      return seen.answerBody.length < SAMPLE_ANSWER_BYTES
    },
    responseEnd: () => {
      enter('responseEnd')
      return stop(seen.answerBody.includes('leaked'), 4)
    },
    end: () => {
      enter('end')
      return {
        uniqueId: seen.start.uniqueId,
        mode: 'block',
        blocked: blocked(),
        wouldBlock: blocked(),
        scores: { inbound: 0, outbound: 0 },
        matches: [],
        audit: { relevant: blocked() !== null, parts: 'ABZ' },
        overBudget: [],
      }
    },
  }
}
