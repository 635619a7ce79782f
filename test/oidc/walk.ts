import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Page, Request } from 'playwright-core'
import type { Rig, Somebody } from './rig.ts'

/** What happened between an application's request and its answer. */
export interface Walked {
  /** Where the browser came back to the application; null when it was left on a page of the provider. */
  readonly back: URL | null
  /** How often the person gave a password. */
  readonly signIns: number
  readonly consents: number
  /** The words of the last page, for a request that ends on one. */
  readonly page: string
  readonly status: number
  /** What stood in the e-mail field before anything was typed. */
  readonly offeredEmail: string
}

/** More pages than any honest way has. */
const PAGES_MAX = 30

/** A page is read once nothing has moved for this long: one of the provider's goes on by itself. */
const QUIET_MS = 250
/** A page that asks nothing this many times over is the last one. */
const IDLE_MAX = 2

/** Opens an address and does what the pages ask of this person, until the browser is back or nothing is asked any more. */
export async function walk(rig: Rig, page: Page, url: string, somebody: Somebody | null): Promise<Walked> {
  const seen = { signIns: 0, consents: 0, offeredEmail: '', status: 0 }
  const settled = watch(page, (status) => {
    seen.status = status
  })
  await page.goto(url)
  let idle = 0
  for (let count = 0; count < PAGES_MAX; count += 1) {
    await settled()
    if (page.url().startsWith(`${rig.application.origin}/back`)) return done(page, seen, new URL(page.url()))
    if (await step(page, await page.title(), somebody, seen)) idle = 0
    else if ((idle += 1) > IDLE_MAX) return done(page, seen, null)
    // A busy machine may show a page before all of it is there.
    else await pause(QUIET_MS)
  }
  throw new Error(`the way has no end: ${page.url()}`)
}

/** Follows where a page goes; the function it gives waits until it goes nowhere any more. */
function watch(page: Page, status: (status: number) => void): () => Promise<void> {
  let movedAt = performance.now()
  const open = new Set<Request>()
  const moved = (): void => {
    movedAt = performance.now()
  }
  page.on('request', (request) => {
    if (request.isNavigationRequest()) open.add(request)
    moved()
  })
  const ended = (request: Request): void => {
    open.delete(request)
    moved()
  }
  page.on('requestfinished', ended)
  page.on('requestfailed', ended)
  page.on('framenavigated', moved)
  page.on('response', (response) => {
    if (response.request().isNavigationRequest()) status(response.status())
  })
  return async () => {
    while (open.size > 0 || performance.now() - movedAt < QUIET_MS) await pause(50)
  }
}

async function done(page: Page, seen: Omit<Walked, 'back' | 'page'>, back: URL | null): Promise<Walked> {
  return { ...seen, back, page: await page.locator('body').innerText() }
}

async function step(
  page: Page,
  title: string,
  somebody: Somebody | null,
  seen: { signIns: number; consents: number; offeredEmail: string },
): Promise<boolean> {
  if (title === 'Application' && (await page.getByRole('button', { name: 'Send' }).count()) > 0)
    return press(page, 'Send')
  if ((await page.getByLabel('Password').count()) > 0) {
    assert.ok(somebody !== null, 'a sign-in page is shown where none may be')
    seen.offeredEmail = await page.getByLabel('E-mail address').inputValue()
    await page.getByLabel('E-mail address').fill(somebody.email)
    await page.getByLabel('Password').fill(somebody.password)
    seen.signIns += 1
    return press(page, 'Continue')
  }
  if (title === 'Enter your code') {
    assert.ok(somebody !== null)
    await page.getByRole('textbox').fill(await somebody.code())
    return press(page, 'Sign in')
  }
  if (title.startsWith('Allow ')) {
    seen.consents += 1
    return press(page, 'Allow')
  }
  if (title === 'Sign out?') return press(page, 'Sign out')
  if (title === 'You are signed out' && (await page.getByRole('button', { name: 'Continue' }).count()) > 0)
    return press(page, 'Continue')
  return false
}

async function press(page: Page, name: string): Promise<true> {
  const moved = page.waitForEvent('framenavigated')
  await page.getByRole('button', { name, exact: true }).click()
  await moved
  return true
}
