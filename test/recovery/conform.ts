/** What backups promise, held against whoever changes them. */
import { conformEndToEnd } from './end-to-end.ts'
import { conformTampering } from './tampering.ts'

/** Runs every part; each failure names what was not refused. */
export async function conformRecovery(): Promise<{
  readonly passed: number
  readonly failed: readonly string[]
}> {
  const parts = [await conformTampering(), await conformEndToEnd()]
  return {
    passed: parts.reduce((sum, { passed }) => sum + passed, 0),
    failed: parts.flatMap(({ failed }) => failed),
  }
}
