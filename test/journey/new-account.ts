import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { post } from './authenticator.ts'
import { freshCode, type Person } from './person.ts'

/** Makes an account from a page that is open, as the welcome page does: the password, then an authenticator app. */
export async function makeAccount(page: Page, of: Person, welcome: object): Promise<void> {
  await post(page, '/api/access/welcome', welcome)
  const offer = await post(page, '/api/access/enrol', { label: 'Sample app' })
  const { factorId, secret } = offer.body as { readonly factorId: string; readonly secret: string }
  of.secret = secret
  const done = await post(page, '/api/access/enrol/confirm', { factorId, code: await freshCode(of) })
  assert.equal(done.status, 200, JSON.stringify(done.body))
}
