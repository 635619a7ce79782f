import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { RunningSystem } from '../running-system.ts'

const LOOK_MS = 100
const ARRIVES_MS_MAX = 15_000

/** The newest message of a kind in the local outbox of a system; waits until one is there. */
export async function newestMessage(system: RunningSystem, kind: string, to: string): Promise<string> {
  const folder = join(system.varFolder, 'outbox')
  const until = Date.now() + ARRIVES_MS_MAX
  do {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.sort((a, b) => b.localeCompare(a))) {
      const text = await readFile(join(folder, name), 'utf8')
      if (text.includes(`\nTo: ${to}\n`) && text.includes(`\nKind: ${kind}\n`)) return text
    }
    await pause(LOOK_MS)
  } while (Date.now() < until)
  return assert.fail(`no message “${kind}” to ${to} arrived`)
}
