import { errorRecord, type Log } from '../kernel/log.ts'
import type { Sequencer } from './sequencer.ts'

/** Publishing at most this often keeps checkpoints few when events come in a stream. */
const PAUSE_MS = 200
/** Without news the sequencer looks for itself, since a notice can be lost. */
const IDLE_MS = 2000

/** A sequencer that runs by itself. */
export interface SequenceLoop {
  /** Something was recorded: publish soon. */
  poke(): void
  stop(): Promise<void>
}

/** Runs the sequencer soon after each poke, and now and then without one; a failure is logged and tried again. */
export function startSequenceLoop(sequencer: Sequencer, log: Log): SequenceLoop {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let working: Promise<unknown> = Promise.resolve()
  let soon = false

  const schedule = (pauseMs: number): void => {
    clearTimeout(timer)
    if (!stopped) timer = setTimeout(work, pauseMs)
  }
  const work = (): void => {
    soon = false
    working = sequencer
      .run()
      .catch((error: unknown) =>
        log.error(errorRecord(error), 'the ledger could not be published; trying again'),
      )
      .finally(() => schedule(soon ? PAUSE_MS : IDLE_MS))
  }
  schedule(0)

  return {
    poke: () => {
      if (!soon) schedule(PAUSE_MS)
      soon = true
    },
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await working
    },
  }
}
