import type { Caller } from '../kernel/caller.ts'

/** Answers without an end (event streams, WebSockets), which outlive the checks that their request passed. */
export interface OpenStreams {
  /** Remembers a stream until the returned function is called; a null caller is nobody in particular. */
  add(caller: Caller | null, cut: () => void): () => void
  /** Cuts the streams of callers whose session or key no longer stands. Policy 3.4-a. */
  sweep(stands: (caller: Caller) => Promise<boolean>): Promise<void>
  cutAll(): void
  count(): number
}

/** Makes the register of open streams. */
export function openStreams(): OpenStreams {
  const streams = new Set<{ readonly caller: Caller | null; readonly cut: () => void }>()
  return {
    add: (caller, cut) => {
      const stream = { caller, cut }
      streams.add(stream)
      return () => void streams.delete(stream)
    },
    sweep: async (stands) => {
      for (const { caller, cut } of streams) if (caller !== null && !(await stands(caller))) cut()
    },
    cutAll: () => {
      for (const { cut } of streams) cut()
    },
    count: () => streams.size,
  }
}
