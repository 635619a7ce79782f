import { Problem } from '../kernel/problem.ts'

/** With these nobody else fares better. */
const FOR_ALL: readonly string[] = ['encryption.root-disabled', 'encryption.root-unreachable']

/**
 * Does something for one after the other and returns the sum of what it came to. What fails for one keeps no other one waiting and
 * is thrown at the end, unless the root key is away; whose keys were destroyed meanwhile needs nothing any more.
 */
export async function eachAlone<One>(
  all: readonly One[],
  work: (one: One) => Promise<number>,
): Promise<number> {
  let sum = 0
  const failed: unknown[] = []
  for (const one of all)
    try {
      sum += await work(one)
    } catch (error) {
      const code = error instanceof Problem ? error.code : ''
      if (FOR_ALL.includes(code)) throw error
      if (code !== 'encryption.key-missing') failed.push(error)
    }
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} of ${all.length} failed`)
  return sum
}
