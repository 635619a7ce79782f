import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunningSystem } from '../running-system.ts'
import type { Window } from './browser.ts'

/** How long one step may take. */
export const STEP = { timeout: 180_000 }

/** What the processes complained about, without the requests that went well. */
function complaintsOf(system: RunningSystem): string {
  const lines = system.said().split('\n')
  return lines.filter((line) => !/^\{"level":[123]0\b/.test(line)).join('\n')
}

/** Steps of one journey: each stands on those before it, so when one fails, those behind it are skipped. */
export function openSteps(at: () => { readonly window: Window; readonly system: RunningSystem }) {
  let brokenAt: string | null = null
  return (name: string, act: () => Promise<void>): void => {
    test(name, STEP, async (t) => {
      if (brokenAt !== null) return t.skip(`“${brokenAt}” failed`)
      const { window, system } = at()
      try {
        await act()
        assert.deepEqual(window.faults(), [])
      } catch (cause) {
        brokenAt = name
        const shown = await window.page.locator('body').innerText().catch(String)
        const faults = window.faults().join('\n')
        throw new Error(`at ${window.page.url()}:\n${shown}\n\n${faults}\n${complaintsOf(system)}`, { cause })
      }
    })
  }
}
