import type { ChangeListener, Changes } from '../db/changes.ts'

/** A stream ends after this long and the client comes back through the gateway, which asks again who it is. */
const STREAM_SECONDS_MAX = 300
const HEARTBEAT_SECONDS = 20
/** A reader with more unread events than this is dropped. */
const UNREAD_MAX = 256

/** What a change becomes for one reader: an event's data, or null for nothing. `null` in: changes may have been missed. */
export type ToEvent = (change: Parameters<ChangeListener>[0]) => object | null | Promise<object | null>

/** Server-sent events of changes for one reader; `over` is called once when the stream is over. */
export function changeStream(
  changes: Pick<Changes, 'subscribe'>,
  toEvent: ToEvent,
  over: () => void = () => {},
): Response {
  const text = new TextEncoder()
  let stop = (): void => {}
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    let ended = false
    const end = (): void => {
      if (ended) return
      stop()
      controller.close()
    }
    const write = (chunk: string): void => {
      if ((controller.desiredSize ?? 0) > 0) controller.enqueue(text.encode(chunk))
      else end()
    }
    const tell = async (change: Parameters<ChangeListener>[0]): Promise<void> => {
      const event = await toEvent(change)
      if (event !== null && !ended) write(`event: change\ndata: ${JSON.stringify(event)}\n\n`)
    }
    // A reader that cannot be told comes back and reads afresh.
    const unsubscribe = changes.subscribe((change) => void tell(change).catch(end))
    const beat = setInterval(() => write(': here\n\n'), HEARTBEAT_SECONDS * 1000)
    const limit = setTimeout(end, STREAM_SECONDS_MAX * 1000)
    stop = () => {
      if (ended) return
      ended = true
      unsubscribe()
      clearInterval(beat)
      clearTimeout(limit)
      over()
    }
    write('retry: 2000\n\n')
  }
  const body = new ReadableStream<Uint8Array>({ start, cancel: () => stop() }, { highWaterMark: UNREAD_MAX })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  })
}
