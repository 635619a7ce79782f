/** How long a step took. */
export interface Step {
  readonly name: string
  readonly seconds: number
}

/** Times steps by a clock that only goes forward; the list is what has ended so far. */
export function openSteps(): {
  readonly done: readonly Step[]
  run<Result>(name: string, work: () => Promise<Result>): Promise<Result>
} {
  const done: Step[] = []
  return {
    done,
    run: async (name, work) => {
      const began = performance.now()
      const result = await work()
      done.push({ name, seconds: Number(((performance.now() - began) / 1000).toFixed(3)) })
      return result
    },
  }
}
