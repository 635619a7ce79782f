import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startSystem, type RunningSystem } from '../running-system.ts'
import {
  create,
  goToEmptyPage,
  openTrustingBrowser,
  plugIn,
  post,
  prove,
  type Said,
} from './authenticator.ts'
import { noBrowser } from './browser.ts'
import { person } from './person.ts'

const someone = person('Sample Keyholder')
const SIGN_IN = { email: someone.email, password: someone.password }

/** The options in an answer. */
function optionsOf({ status, body }: Said): unknown {
  assert.equal(status, 200, JSON.stringify(body))
  return (body as { options: unknown }).options
}

function levelOf({ body }: Said): unknown {
  return (body as { level?: unknown }).level
}

suite('security keys in a browser', { timeout: 300_000, skip: noBrowser }, () => {
  let system: RunningSystem
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let recoveryCodes: readonly string[] = []

  before(async () => {
    system = await startSystem()
    browser = await openTrustingBrowser()
    context = await browser.newContext({ baseURL: system.origin })
    page = await context.newPage()
    await goToEmptyPage(page, system.origin)
    const token = new URL(system.firstLink ?? '').hash.slice(1)
    const welcome = { token, name: someone.name, ...SIGN_IN, workspaceName: 'Sample workspace' }
    assert.equal(levelOf(await post(page, '/api/access/welcome', welcome)), 'enrolling')
  })
  after(async () => {
    await browser?.close()
    await system?.stop()
  })

  const signIn = async (): Promise<void> => {
    await post(page, '/api/access/sign-out')
    assert.equal(levelOf(await post(page, '/api/access/sign-in', SIGN_IN)), 'password')
  }
  /** Signs in without a key: by password and recovery code. */
  const signInWithRecovery = async (): Promise<void> => {
    await signIn()
    const [code, ...left] = recoveryCodes
    recoveryCodes = left
    assert.equal(levelOf(await post(page, '/api/access/recovery-code', { code })), 'full')
  }
  const secondFactor = async (): Promise<Said> => {
    const options = optionsOf(await post(page, '/api/access/webauthn/options'))
    return post(page, '/api/access/webauthn', { response: await prove(page, options) })
  }
  const passkey = async (): Promise<Said> => {
    const options = optionsOf(await post(page, '/api/access/passkey/options'))
    return post(page, '/api/access/passkey/verify', { response: await prove(page, options) })
  }

  test('policy 3.1-c: CTAP2 with a PIN: set up at sign-in, second factor, passkey and step-up', async () => {
    const key = await plugIn(page, { protocol: 'ctap2', verification: true })
    const options = optionsOf(await post(page, '/api/access/enrol/webauthn/options'))
    const response = await create(page, options)
    const enrolled = await post(page, '/api/access/enrol/webauthn', { label: 'CTAP2', response })
    assert.equal(levelOf(enrolled), 'full', JSON.stringify(enrolled))
    recoveryCodes = (enrolled.body as { recoveryCodes: string[] }).recoveryCodes
    await signIn()
    assert.equal(levelOf(await secondFactor()), 'full')
    await post(page, '/api/access/sign-out')
    assert.equal(levelOf(await passkey()), 'full')
    const asked = optionsOf(await post(page, '/api/access/step-up/webauthn/options'))
    const proof = { response: await prove(page, asked) }
    assert.equal((await post(page, '/api/access/step-up/webauthn/verify', proof)).status, 200)
    // What was proved once proves nothing again.
    assert.equal((await post(page, '/api/access/step-up/webauthn/verify', proof)).status, 401)
    // Fresh enough to set up another one, without any code.
    const more = optionsOf(await post(page, '/api/access/factors/webauthn/options'))
    await key.remove()
    const old = await plugIn(page, { protocol: 'u2f', verification: false })
    const second = await post(page, '/api/access/factors/webauthn', {
      label: 'U2F',
      response: await create(page, more),
    })
    assert.equal(second.status, 200, JSON.stringify(second))
    await signIn()
    assert.equal(levelOf(await secondFactor()), 'full')
    await old.remove()
  })

  test('policy 3.1-0: trap 9: a browser that is told to leave the PIN out does not get a full session by a passkey', async () => {
    const key = await plugIn(page, { protocol: 'ctap2', verification: false })
    await signInWithRecovery()
    const more = optionsOf(await post(page, '/api/access/factors/webauthn/options'))
    const response = (await create(page, more)) as { id: string }
    const made = await post(page, '/api/access/factors/webauthn', { label: 'without PIN', response })
    assert.equal(made.status, 200, JSON.stringify(made))
    await post(page, '/api/access/sign-out')
    const options = optionsOf(await post(page, '/api/access/passkey/options')) as object
    const allowCredentials = [{ type: 'public-key', id: response.id }]
    const careless = { ...options, userVerification: 'discouraged', allowCredentials }
    const answer = await post(page, '/api/access/passkey/verify', {
      response: await prove(page, careless),
    })
    assert.equal(levelOf(answer), 'password', JSON.stringify(answer))
    const data = await page.evaluate(async () => (await fetch('/api/access/sessions')).status)
    assert.equal(data, 401)
    await key.remove()
  })

  test('policy 3.1-c: an answer that the browser made at another origin is refused', async () => {
    const elsewhere = await context.newPage()
    // The same host, which the key would work for, at another port: the origin differs.
    const other = `https://localhost:${system.httpsPort + 1}`
    await goToEmptyPage(elsewhere, other)
    const key = await plugIn(elsewhere, { protocol: 'ctap2', verification: true })
    await signInWithRecovery()
    const options = optionsOf(await post(page, '/api/access/factors/webauthn/options'))
    const response = await create(elsewhere, options)
    const answer = await post(page, '/api/access/factors/webauthn', { label: 'elsewhere', response })
    assert.equal(answer.status, 401)
    assert.equal((answer.body as { code: string }).code, 'access.key-refused')
    await key.remove()
  })
})
