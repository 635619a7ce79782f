import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { totpNow } from '../running-system.ts'

const STEP_MS = 30_000

/** Somebody with a password and an authenticator app. */
export interface Person {
  readonly name: string
  readonly email: string
  readonly password: string
  /** The secret of the authenticator, read from the page when it was set up. */
  secret: string
  /** The last time step that a code was used of; a code is good once. */
  usedStep: number
}

/** A person with a sample name. */
export function person(name: string): Person {
  const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`
  return { name, email, password: `Sample pass phrase of ${name}, 2048`, secret: '', usedStep: 0 }
}

/** A code that was not used yet: of this step, or of the next, which is accepted already; else it waits for one. */
export async function freshCode(of: Person): Promise<string> {
  for (;;) {
    const step = Math.floor(Date.now() / STEP_MS)
    const free = Math.max(step, of.usedStep + 1)
    if (free <= step + 1) {
      of.usedStep = free
      return totpNow(of.secret, free - step)
    }
    await pause(STEP_MS - (Date.now() % STEP_MS))
  }
}

/** Sets up the second factor that the page insists on, and stores the recovery codes; returns them. */
export async function setUpFactor(page: Page, of: Person): Promise<string[]> {
  await page.getByRole('heading', { name: 'Set up a second factor' }).waitFor()
  await page.getByRole('img', { name: 'QR code with the secret' }).waitFor()
  await page.getByText('Cannot scan it? Type the secret').click()
  of.secret = (await page.getByLabel('Secret', { exact: true }).innerText()).replaceAll(/\s/g, '')
  await page.getByLabel('Code', { exact: true }).fill(await freshCode(of))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
  const codes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts()
  assert.ok(codes.length >= 8, `${codes.length} recovery codes`)
  assert.equal(new Set(codes).size, codes.length)
  return codes
}

/** Ticks that the recovery codes are stored and goes on. */
export async function storeCodes(page: Page): Promise<void> {
  assert.ok(await page.getByRole('button', { name: 'Continue' }).isDisabled())
  await page.getByLabel('I have stored them').check()
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** Signs in with the keyboard alone: e-mail, Tab, password, Enter, code, Enter. */
export async function signIn(page: Page, as: Person): Promise<void> {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByLabel('E-mail').focus()
  await page.keyboard.type(as.email)
  await page.keyboard.press('Tab')
  await page.keyboard.type(as.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Second factor' }).waitFor()
  await page.getByLabel('Code', { exact: true }).focus()
  await page.keyboard.type(await freshCode(as))
  await page.keyboard.press('Enter')
}
