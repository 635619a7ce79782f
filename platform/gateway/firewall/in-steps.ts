/** Work that stands still after each of its steps. */
export type Steps<Outcome> = Generator<void, Outcome, void>

/** Does all of it at once, for a program that has nothing else to do. */
export function atOnce<Outcome>(work: Steps<Outcome>): Outcome {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Milliseconds after which everything else has its turn. */
const STEP_MS = 10

/** Does it beside everything else that a server does. Policy 4.1-d. */
export async function besides<Outcome>(work: Steps<Outcome>): Promise<Outcome> {
  for (;;) {
    const from = performance.now()
    while (performance.now() - from < STEP_MS) {
      const step = work.next()
      if (step.done === true) return step.value
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}
