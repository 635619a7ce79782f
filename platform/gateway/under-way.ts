import { Problem } from '../kernel/problem.ts'

/** The requests that are at the protected service now; each holds a connection to it, event streams and slow bodies for long. */
export interface UnderWay {
  /** Counts a request until the returned function is called; throws `request.too-many` when its client has its share. */
  enter(client: string): () => void
}

/** Gives each client at most `perClientMax` of them, so that nobody can take all connections to the service. */
export function openUnderWay(perClientMax: number): UnderWay {
  const counts = new Map<string, number>()
  return {
    enter: (client) => {
      const before = counts.get(client) ?? 0
      if (before >= perClientMax)
        throw new Problem('request.too-many', `At most ${perClientMax} requests are served here at once.`, {
          retryAfterSeconds: 1,
        })
      counts.set(client, before + 1)
      let left = false
      return () => {
        if (left) return
        left = true
        const now = (counts.get(client) ?? 1) - 1
        if (now > 0) counts.set(client, now)
        else counts.delete(client)
      }
    },
  }
}
