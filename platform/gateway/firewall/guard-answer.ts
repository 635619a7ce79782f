import { Problem } from '../../kernel/problem.ts'
import type { Answer } from '../upstream/answer.ts'
import { isEventStream } from '../upstream/answer-head.ts'
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
export function lookAtAnswer(watch: Watch, answer: Answer): HeldAnswer | Promise<HeldAnswer> {
  const { status, httpVersion, rawHeaders } = answer.head
  const wanted = watch.answer({ status, protocol: `HTTP/${httpVersion}`, headers: rawHeaders })
  if (wanted && isReadable(answer)) return holdAnswer(watch, answer)
  watch.answerEnd()
  return NOTHING
}

function isReadable({ head }: Answer): boolean {
  const { headers, status } = head
  const encoding = headers['content-encoding'] ?? 'identity'
  return encoding === 'identity' && !isEventStream(head) && status !== 204 && status !== 304
}

function holdAnswer(watch: Watch, answer: Answer): Promise<HeldAnswer> {
  const parts: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    let settled = false
    const fail = (error: unknown): void => {
      settled = true
      reject(error instanceof Error ? error : new Error('an answer could not be held', { cause: error }))
    }
    const verdict = (whole: boolean): void => {
      if (settled) return
      settled = true
      try {
        watch.answerEnd()
        resolve({ parts, whole })
      } catch (error) {
        fail(error)
      }
    }
    answer.take({
      part: (part) => {
        if (settled) return
        try {
          watch.hold(part.length)
          parts.push(part)
          if (watch.answerPart(part)) return
        } catch (error) {
          return fail(error)
        }
        answer.pause()
        verdict(false)
      },
      end: () => verdict(true),
      broken: () => {
        if (!settled) fail(new Problem('upstream.unavailable', 'The protected service broke off its answer.'))
      },
    })
  })
}
