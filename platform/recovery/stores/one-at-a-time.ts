/** Runs work about one name after the other; work about other names goes on at the same time. */
export type OneAtATime = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>

/** Makes a queue for each name. */
export function oneAtATime(): OneAtATime {
  const last = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const before = last.get(name)
    const mine = (async () => {
      await before?.catch(() => {})
      return work()
    })()
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
