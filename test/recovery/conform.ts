/** What backups promise, held against whoever changes them. */
import { conformEndToEnd } from './end-to-end.ts'
import { conformTampering } from './tampering.ts'

interface Outcome {
  readonly passed: number
  readonly failed: readonly string[]
}

/** One part; when it cannot be run, that is its failure, and the other's cases still count. */
async function part(name: string, run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run()
  } catch (error) {
    console.log(error)
    return { passed: 0, failed: [`${name} could not be run`] }
  }
}

/** Runs every part; each failure names what was not refused. */
export async function conformRecovery(): Promise<Outcome> {
  const parts = [
    await part('tampering', conformTampering),
    await part('the whole way of a system', conformEndToEnd),
  ]
  return {
    passed: parts.reduce((sum, { passed }) => sum + passed, 0),
    failed: parts.flatMap(({ failed }) => failed),
  }
}
