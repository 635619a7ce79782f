/** Answers without an end (event streams, WebSockets), which outlive the checks that their request passed. */
export interface OpenStreams {
  /** Remembers a stream until the returned function is called; `stands` asks whether its caller would still be let in. */
  add(stands: () => Promise<boolean>, cut: () => void): () => void
  /** Cuts the streams of callers who would not be let in any more; joins a look that is under way. Policy 3.4-a, 3.4-b, 3.4-c. */
  sweep(): Promise<void>
  cutAll(): void
}

/** Makes the register of open streams. */
export function openStreams(): OpenStreams {
  const streams = new Set<{ readonly stands: () => Promise<boolean>; readonly cut: () => void }>()
  let sweeping: Promise<void> | undefined
  const look = async (): Promise<void> => {
    for (const { stands, cut } of streams) if (!(await stands())) cut()
  }
  return {
    add: (stands, cut) => {
      const stream = { stands, cut }
      streams.add(stream)
      return () => void streams.delete(stream)
    },
    sweep: () => {
      // One look at a time, however slow the answers are.
      sweeping ??= look().finally(() => {
        sweeping = undefined
      })
      return sweeping
    },
    cutAll: () => {
      for (const { cut } of streams) cut()
    },
  }
}
