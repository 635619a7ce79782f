import type { IncomingMessage } from 'node:http'
import { Problem } from '../../kernel/problem.ts'
import type { Watch } from './guard.ts'

/** The first part of an answer, which waited for the verdict on it. */
export interface HeldAnswer {
  readonly parts: readonly Uint8Array[]
  /** Whether there is no more to come. */
  readonly whole: boolean
}

const NOTHING: HeldAnswer = { parts: [], whole: false }

/**
 * Has the rules look at an answer of the protected service before a byte of it goes out; throws `Blocked`. Its body
 * waits only where the rules read its kind, and only up to their limit. Event streams never wait, and what comes in a
 * content encoding is not read. Policy 4.1-a.
 */
export function lookAtAnswer(watch: Watch, response: IncomingMessage): HeldAnswer | Promise<HeldAnswer> {
  const wanted = watch.answer({
    status: response.statusCode ?? 502,
    protocol: `HTTP/${response.httpVersion}`,
    headers: response.rawHeaders,
  })
  if (wanted && isReadable(response)) return holdAnswer(watch, response)
  watch.answerEnd()
  return NOTHING
}

function isReadable({ headers, statusCode }: IncomingMessage): boolean {
  const encoding = headers['content-encoding'] ?? 'identity'
  const events = (headers['content-type'] ?? '').startsWith('text/event-stream')
  return encoding === 'identity' && !events && statusCode !== 204 && statusCode !== 304
}

function holdAnswer(watch: Watch, response: IncomingMessage): Promise<HeldAnswer> {
  const parts: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    const verdict = (whole: boolean): void => {
      settle()
      try {
        watch.answerEnd()
        resolve({ parts, whole })
      } catch (error) {
        fail(error)
      }
    }
    const fail = (error: unknown): void => {
      settle()
      reject(error instanceof Error ? error : new Error('an answer could not be held', { cause: error }))
    }
    const take = (part: Buffer): void => {
      try {
        watch.hold(part.length)
        parts.push(part)
        if (watch.answerPart(part)) return
        response.pause()
      } catch (error) {
        return fail(error)
      }
      verdict(false)
    }
    const whole = (): void => verdict(true)
    const cut = (): void =>
      fail(new Problem('upstream.unavailable', 'The protected service broke off its answer.'))
    const settle = (): void => void response.off('data', take).off('end', whole).off('close', cut)
    response.on('data', take).once('end', whole).once('close', cut)
    response.once('error', () => {})
  })
}
