import type { RequestHead, Transaction, TransactionStart, Verdict } from '../api.ts'
import type { Phase } from '../model.ts'
import { WafError } from '../waf-error.ts'
import { createBodyBuffer, type BodyBuffer } from './body-buffer.ts'
import { guessProcessor } from './body-guess.ts'
import { readBody, type ReadBody } from './body.ts'
import { headerOf, processorOf, readHead } from './head.ts'
import { obey, runOn, runPlan, type Plan } from './plan.ts'
import { createReport } from './report.ts'
import { enterPhase, State, type Beginning } from './state.ts'
import { entriesOf } from './variables.ts'

/** What a transaction needs of its set. */
export interface SetParts {
  readonly beginning: Beginning
  readonly plan: (phase: Phase) => Plan
  /** Whether a rule looks at errors of the body; when none does, the engine refuses such a body itself. */
  readonly judgesBodyErrors: boolean
}

type Step = 'begin' | 'request body' | 'response' | 'response body' | 'finish' | 'ended'

interface Order {
  enter(from: Step, to: Step): void
  end(): void
  stay(at: Step): void
  isAt(at: Step): boolean
}

/** Holds a transaction to the order of its calls. */
function createOrder(): Order {
  let step: Step = 'begin'
  const refuse = (to: Step): never => {
    throw new WafError('order', `a transaction cannot go from ${step} to ${to}`)
  }
  return {
    enter(from, to) {
      if (step !== from) refuse(to)
      step = to
    },
    end() {
      if (step === 'ended') refuse('ended')
      step = 'ended'
    },
    // That nothing was found so far is no verdict.
    stay(at) {
      if (step !== at) refuse(at)
    },
    isAt: (at) => step === at,
  }
}

/** Begins a transaction. */
export function createTransaction(start: TransactionStart, set: SetParts): Transaction {
  const state = new State(start, set.beginning)
  const requestBuffer = createBodyBuffer()
  const responseBuffer = createBodyBuffer()
  const order = createOrder()
  return {
    request(head) {
      order.enter('begin', 'request body')
      takeHead(state, head)
      return runPhase(state, set, 1)
    },
    bodyPart(part) {
      order.enter('request body', 'request body')
      return takeBodyPart(state, requestBuffer, part)
    },
    bodyEnd(facts) {
      order.enter('request body', 'response')
      state.signed = facts?.signed ?? false
      if (state.mode === 'Off' || state.verdict !== null) return state.verdict
      return takeBody(state, requestBuffer.text()) ?? runPhase(state, set, 2) ?? judgeBody(state, set)
    },
    bodyEndInSteps({ signed }, steps) {
      order.enter('request body', 'response')
      state.signed = signed
      return endInSteps(state, set, requestBuffer, order, steps)
    },
    response(head) {
      order.enter('response', 'response body')
      state.response = head
      return runPhase(state, set, 3)
    },
    wantsResponseBody: () => order.isAt('response body') && wantsResponse(state),
    responsePart(part) {
      order.enter('response body', 'response body')
      if (!wantsResponse(state)) return false
      state.outboundDataError = responseBuffer.add(part, state.responseBodyBytesMax)
      return !state.outboundDataError
    },
    responseEnd() {
      order.enter('response body', 'finish')
      if (wantsResponse(state)) state.responseBody = responseBuffer.text()
      return runPhase(state, set, 4) ?? judgeResponse(state)
    },
    end() {
      order.end()
      runPhase(state, set, 5)
      return createReport(state)
    },
  }
}

function takeHead(state: State, head: RequestHead): void {
  state.head = head
  if (state.mode === 'Off') return
  state.parts = readHead(head, state.settings)
  state.bodyProcessor = processorOf(headerOf(state.parts.headers, 'content-type'))
}

function takeBodyPart(state: State, buffer: BodyBuffer, part: Uint8Array): Verdict | null {
  if (state.mode === 'Off' || !state.requestBodyAccess || state.verdict !== null) return state.verdict
  if (!buffer.add(part, state.requestBodyBytesMax) || state.inboundDataError) return null
  return overLimit(state)
}

function runPhase(state: State, set: SetParts, phase: Phase): Verdict | null {
  if (state.mode === 'Off') return null
  if (phase !== 5) {
    if (state.verdict !== null) return state.verdict
    if (state.allowed === 'everything' || (state.allowed === 'request' && phase <= 2)) return null
  }
  enterPhase(state, phase)
  return runPlan(state, set.plan(phase))
}

/** Phase 2 in steps. */
async function endInSteps(
  state: State,
  set: SetParts,
  buffer: BodyBuffer,
  order: Order,
  steps: { readonly turn: () => Promise<void>; readonly stepMs: number },
): Promise<Verdict | null> {
  const turn = async (): Promise<void> => {
    await steps.turn()
    order.stay('response')
  }
  if (state.mode === 'Off' || state.verdict !== null) return state.verdict
  await turn()
  const refused = takeBody(state, buffer.text())
  if (refused !== null) return refused
  await turn()
  if (state.allowed !== 'nothing') return judgeBody(state, set)
  enterPhase(state, 2)
  const walk = { position: 0, done: false }
  for (;;) {
    const verdict = runOn(state, set.plan(2), walk, steps.stepMs)
    if (walk.done) return verdict ?? judgeBody(state, set)
    await turn()
  }
}

function refusal(state: State, status: number, message: string): Verdict | null {
  return obey(state, { rule: 0, phase: state.phase, action: 'deny', status, location: null, message })
}

/**
 * A body over its limit is refused whatever `SecRequestBodyLimitAction` says: rules that saw a part of it would pass the
 * rest unseen. Where rules only look, they look at that part.
 */
function overLimit(state: State): Verdict | null {
  state.inboundDataError = true
  enterPhase(state, 2)
  return refusal(state, 413, 'the body of the request is larger than the rules allow')
}

/**
 * Reads the body. What rules would look through beside files has a limit of its own, `SecRequestBodyNoFilesLimit`, since it
 * costs them time; of a signed body they look at the form only.
 */
function takeBody(state: State, raw: string): Verdict | null {
  const bytesMax = state.settings.requestBodyNoFilesBytesMax
  if (state.host.guessesBodies && raw !== '')
    state.bodyProcessor ??= guessProcessor(raw, headerOf(state.parts.headers, 'content-type'), state.settings)
  const { bodyProcessor: processor } = state
  // Bytes that no rule is shown cost nothing.
  const fits = state.signed || raw.length <= bytesMax || (processor === null && !state.forceRequestBody)
  const mayHoldFiles = processor === 'MULTIPART'
  if (fits || mayHoldFiles) state.body = readAs(state, raw)
  if (fits || (mayHoldFiles && raw.length - (state.body?.filesCombinedBytes ?? 0) <= bytesMax)) return null
  const verdict = overLimit(state)
  if (verdict === null) state.body = readAs(state, raw.slice(0, bytesMax))
  return verdict
}

function readAs(state: State, raw: string): ReadBody {
  return readBody(raw, {
    processor: state.bodyProcessor,
    contentType: headerOf(state.parts.headers, 'content-type'),
    settings: state.settings,
    parseXmlIntoArgs: state.parseXmlIntoArgs,
    force: state.forceRequestBody,
    guesses: state.host.guessesBodies,
  })
}

/** A body that could not be read must not pass unseen where no rule looks at that. */
function judgeBody(state: State, set: SetParts): Verdict | null {
  if (set.judgesBodyErrors || state.mode === 'Off' || state.allowed !== 'nothing') return null
  const error = entriesOf(state, 'REQBODY_ERROR_MSG')[0]?.value.text ?? ''
  return error === '' ? null : refusal(state, 400, `the body of the request could not be read: ${error}`)
}

function wantsResponse(state: State): boolean {
  if (state.mode === 'Off' || !state.responseBodyAccess || state.verdict !== null) return false
  if (state.allowed === 'everything') return false
  const type = entriesOf(state, 'RESPONSE_CONTENT_TYPE')[0]?.value.text ?? ''
  const essence = (type.split(';')[0] ?? '').trim().toLowerCase()
  return state.settings.responseMimeTypes.some((wanted) => wanted.toLowerCase() === essence)
}

function judgeResponse(state: State): Verdict | null {
  if (!state.outboundDataError || state.settings.responseBodyLimitAction !== 'Reject') return null
  return refusal(state, 500, 'the body of the response is larger than the rules allow')
}
