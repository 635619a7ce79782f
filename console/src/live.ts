import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { PASSIVE, problemOf } from './api.ts'
import { endsSession } from './queries.ts'

/** One event of a stream. */
export interface StreamEvent {
  readonly type: string
  readonly data: string
}

const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000] as const

/** Reads server-sent events (WHATWG HTML, 9.2) from bytes as they come; comments and ids are skipped. */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<StreamEvent> {
  let rest = ''
  for await (const chunk of chunksOf(body.pipeThrough(new TextDecoderStream()))) {
    const blocks = (rest + chunk).replaceAll('\r\n', '\n').split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => /^(\w+)(?:: ?(.*))?$/s.exec(line))
      const data = fields.flatMap((field) => (field?.[1] === 'data' ? [field[2] ?? ''] : []))
      const type = fields.findLast((field) => field?.[1] === 'event')?.[2] ?? 'message'
      if (data.length > 0) yield { type, data: data.join('\n') }
    }
  }
}

// Not every browser can iterate a stream.
async function* chunksOf(stream: ReadableStream<string>): AsyncGenerator<string> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.releaseLock()
  }
}

/** Whether news arrives by itself now. */
export type LiveState = 'connecting' | 'live' | 'broken'

/**
 * Listens to a stream while the page is open and hands over each event; tries again after a break. It is read with
 * `fetch`, since an `EventSource` could not say that no person asks (policy 3.4-a).
 */
export function useLive(path: string, onEvent: (event: StreamEvent) => void): LiveState {
  const [state, setState] = useState<LiveState>('connecting')
  const queries = useQueryClient()
  useEffect(() => {
    const stop = new AbortController()
    const listen = async (): Promise<void> => {
      for (let tries = 0; !stop.signal.aborted; tries += 1) {
        try {
          const response = await fetch(path, {
            headers: { accept: 'text/event-stream', ...PASSIVE },
            signal: stop.signal,
            cache: 'no-store',
          })
          if (!response.ok || response.body === null) throw await problemOf(response)
          setState('live')
          tries = 0
          for await (const event of readEvents(response.body)) onEvent(event)
        } catch (error) {
          if (stop.signal.aborted) return
          // Asking once more who is signed in leads to sign-in, by the way every page goes.
          if (endsSession(error)) await queries.invalidateQueries({ queryKey: ['me'] })
        }
        setState('broken')
        await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 30_000, stop.signal)
      }
    }
    void listen()
    return () => {
      stop.abort()
    }
  }, [path, onEvent, queries])
  return state
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        window.clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
