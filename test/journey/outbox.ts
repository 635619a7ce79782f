import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { RunningSystem } from '../running-system.ts'

const LOOK_MS = 200
const ARRIVES_MS_MAX = 15_000

/** The newest message of a kind in the local outbox of a system, as its operator sees it; waits until one is there. */
export async function newestMessage(system: RunningSystem, kind: string, to: string): Promise<string> {
  const until = Date.now() + ARRIVES_MS_MAX
  do {
    const { stdout } = await system.cli(['outbox', '--count', '100', '--json'])
    const { local } = JSON.parse(stdout) as { readonly local: readonly { readonly text: string }[] }
    const found = local.findLast(
      ({ text }) => text.includes(`\nTo: ${to}\n`) && text.includes(`\nKind: ${kind}\n`),
    )
    if (found !== undefined) return found.text
    await pause(LOOK_MS)
  } while (Date.now() < until)
  return assert.fail(`no message “${kind}” to ${to} arrived`)
}
