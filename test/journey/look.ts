import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { CDPSession } from 'playwright-core'
import type { Window } from './browser.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const images = fileURLToPath(new URL('../../docs/images/', import.meta.url))

/** What every page is held to: WCAG 2, levels A and AA. */
const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], preload: false }
/** What the other colours of a width that was looked at already can break. */
const COLOUR_RULES = {
  runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] },
  preload: false,
}
const WIDER_THAN_THE_SCREEN = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
const TO_THE_TOP = `for (const one of [document.documentElement, ...document.querySelectorAll('aside, aside *')]) one.scrollTop = 0`
const WIDE = { width: 1280, height: 800 }
const PICTURE = { width: 1280, height: 960 }
const NARROW = { width: 360, height: 740 }

/** Looks at the page as it is now: in light and dark, wide and narrow; nothing may be out of reach or cut off. */
export async function examine(window: Window, what: string): Promise<void> {
  const { page } = window
  await page
    .getByText(/^Loading .*…$/)
    .first()
    .waitFor({ state: 'hidden' })
  const complaints: string[] = []
  const world = await ownWorld(window.devtools)
  await evaluate(window.devtools, world, axeSource)
  for (const size of [NARROW, WIDE])
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme })
      const as = `${what}, ${size.width} px, ${colorScheme}`
      const rules = colorScheme === 'dark' ? RULES : COLOUR_RULES
      complaints.push(...(await complaintsOf(window, world, rules)).map((one) => `${as}: ${one}`))
      await keep(window, as)
    }
  assert.deepEqual([...complaints, ...window.faults()], [], what)
}

/** Keeps a picture of every look in the folder that SURETY_LOOKS names, for people to look at. */
async function keep({ page }: Window, as: string): Promise<void> {
  const folder = process.env['SURETY_LOOKS']
  if (folder === undefined) return
  const path = join(folder, `${as.replaceAll(/[^a-z0-9]+/gi, '-')}.png`)
  // A dialog stands in the window, whatever the length of the page behind it.
  const fullPage = (await page.getByRole('dialog').count()) === 0
  await page.screenshot({ path, animations: 'disabled', fullPage })
}

/** What axe-core finds, a line for each rule and place, in a world of its own, which the page's policy leaves alone. */
async function complaintsOf({ devtools }: Window, world: number, rules: object): Promise<string[]> {
  const found = await evaluate(
    devtools,
    world,
    `axe.run(document, ${JSON.stringify(rules)}).then(({ violations, passes }) => ({ violations, passes: passes.length }))`,
  )
  const { violations, passes } = found as { violations: AxeResults['violations']; passes: number }
  assert.ok(passes > 0, 'axe-core looked at nothing')
  const wider = (await evaluate(devtools, world, WIDER_THAN_THE_SCREEN)) as number
  return [
    ...(wider > 0 ? [`scrolls ${wider} px to the side`] : []),
    ...violations.flatMap(({ id, help, nodes }) =>
      nodes.map(
        ({ html, failureSummary }) => `${id} (${help}): ${html.slice(0, 200)} ${failureSummary ?? ''}`,
      ),
    ),
  ]
}

/** A world beside the page's own: the same document, none of its script, and not under its policy. */
async function ownWorld(session: CDPSession): Promise<number> {
  const { frameTree } = await session.send('Page.getFrameTree')
  const frameId = frameTree.frame.id
  const { executionContextId } = await session.send('Page.createIsolatedWorld', {
    frameId,
    worldName: 'test',
  })
  return executionContextId
}

async function evaluate(session: CDPSession, contextId: number, expression: string): Promise<unknown> {
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    contextId,
    expression,
    awaitPromise: true,
    returnByValue: true,
  })
  if (exceptionDetails !== undefined)
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  return result.value
}

/** Keeps a picture for the documentation, when SURETY_SCREENSHOTS=1 asks for it. */
export async function picture(
  { devtools, page }: Window,
  name: 'trust' | 'inbox' | 'clause' | 'security',
): Promise<void> {
  if (process.env['SURETY_SCREENSHOTS'] !== '1') return
  mkdirSync(images, { recursive: true })
  await page.setViewportSize(PICTURE)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.mouse.move(0, 0)
  // What was just announced covers a part of the page for some seconds.
  await page.locator('[role=status][aria-live] > p').waitFor({ state: 'hidden' })
  await evaluate(devtools, await ownWorld(devtools), TO_THE_TOP)
  await page.screenshot({ path: `${images}${name}.png`, animations: 'disabled', caret: 'hide' })
}
