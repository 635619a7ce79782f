import { setTimeout as pause } from 'node:timers/promises'
import type { PostgresServer } from '#database'

/** The longest pause before an embedded server is started once more. */
const PAUSE_SECONDS_MAX = 10

/** Whom to tell about a server. */
export interface Listener {
  readonly say: (line: string) => void
  /** It is not looked after any more. */
  readonly lost: (why: string) => void
}

/** An embedded server that is kept running. */
export interface KeptServer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts an embedded server, and again whenever it ends without being told to, however often that takes. */
export async function keptServer(
  name: string,
  start: () => Promise<PostgresServer>,
  { say, lost }: Listener,
): Promise<KeptServer> {
  const stopping = new AbortController()
  let server = await start()
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const why = await server.ended
      if (stopping.signal.aborted) return
      say(`${name} ended (${why}); starting it again`)
      server = await untilStarted(start, say, stopping.signal)
    }
  }
  const watched = watch().catch((error: unknown) => {
    if (!stopping.signal.aborted) lost(`${name} is not looked after any more: ${String(error)}`)
  })
  return {
    url: server.url,
    stop: async () => {
      stopping.abort()
      await server.stop()
      // One that was being started again meanwhile.
      await watched
      await server.stop()
    },
  }
}

/** Tries again, later and later, while the server cannot start: a full disk may have room in a minute. */
async function untilStarted(
  start: () => Promise<PostgresServer>,
  say: (line: string) => void,
  stopping: AbortSignal,
): Promise<PostgresServer> {
  for (let seconds = 1; ; seconds = Math.min(seconds * 2, PAUSE_SECONDS_MAX)) {
    try {
      return await start()
    } catch (error) {
      say(`${error instanceof Error ? error.message : String(error)}; trying again in ${seconds} s`)
    }
    await pause(seconds * 1000, undefined, { signal: stopping })
  }
}
