import assert from 'node:assert/strict'
import { after, before, suite } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Locator, Page } from 'playwright-core'
import { sql } from '../drills/workplace.ts'
import { startSystem, type RunningSystem } from '../running-system.ts'
import { goToEmptyPage, openTrustingBrowser, plugIn, type VirtualAuthenticator } from './authenticator.ts'
import { noBrowser, openWindow, type Window } from './browser.ts'
import { examine } from './look.ts'
import { makeAccount } from './new-account.ts'
import { newestMessage } from './outbox.ts'
import { freshCode, person } from './person.ts'
import { openSteps, STEP } from './steps.ts'

const NUMBER = '+4915112345678'
/** Tries to sign in and the like that the last step makes at most. */
const TRIES = 15
const REASON = 'A sample reason of a test'

/** Waits until somebody signed out may try often enough: the checks of the platform come from this machine, too. */
async function waitForTries(page: Page, origin: string): Promise<void> {
  const answer = await page.request.post('/api/access/link', {
    data: { token: 'A'.repeat(43) },
    headers: { origin, 'sec-fetch-site': 'same-origin' },
  })
  const told = /"sign-in";r=(\d+);t=(\d+)/.exec(answer.headers()['ratelimit'] ?? '')
  assert.ok(told, `no budget was told: ${answer.status()}`)
  if (Number(told[1]) < TRIES) await pause(Number(told[2]) * 1000)
}

suite('access, with the keyboard in a real browser', { skip: noBrowser, timeout: 480_000 }, () => {
  const owner = person('Sample owner')
  const agent = person('Sample agent')
  let system: RunningSystem
  let browser: Browser
  let window: Window
  let page: Page
  let theirs: Window
  let key: VirtualAuthenticator

  const step = openSteps(() => ({ window, system }))
  const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true })
  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name })
  const said = (words: string | RegExp) => page.getByRole('status').filter({ hasText: words }).waitFor()
  const visit = async (path: string, title: string): Promise<void> => {
    await page.goto(`/console/${path}`)
    await heading(title).waitFor()
  }
  /** Presses Enter on something, as somebody does who uses no mouse. */
  const enter = (on: Locator): Promise<void> => on.press('Enter')
  const press = (name: string | RegExp, within: Page | Locator = page): Promise<void> =>
    enter(within.getByRole('button', { name }).first())
  const write = async (into: Locator, words: string): Promise<void> => {
    await into.focus()
    await page.keyboard.type(words)
  }
  /** Makes the last proof of a factor too old for sensitive acts. */
  const letProofsAge = async (): Promise<void> => {
    const old = new Date(Date.now() - 3_600_000)
    await sql(system, 'update surety.session set proved_at = $1 where proved_at is not null', [old])
    await sql(system, "select pg_notify('access_changed', 'everybody')")
  }

  before(async () => {
    ;[system, browser] = await Promise.all([startSystem(), openTrustingBrowser()])
    window = await openWindow(browser, system.origin)
    page = window.page
    await goToEmptyPage(page, system.origin)
    key = await plugIn(page, { protocol: 'ctap2', verification: true })
    const token = new URL(system.firstLink ?? '').hash.slice(1)
    const { name, email, password } = owner
    await makeAccount(page, owner, { token, name, email, password, workspaceName: 'Sample shop' })
  }, STEP)

  after(async () => {
    await browser?.close()
    await system?.stop()
  }, STEP)

  step('policy 3.1-0: a passkey is set up once a factor was proved again in the middle of it', async () => {
    await visit('account', 'Account security')
    await letProofsAge()
    await press('Add a factor')
    const form = dialog('Add a second factor')
    await write(form.getByLabel('Name'), 'Sample passkey')
    await page.keyboard.press('Enter')
    const question = dialog('Confirm that it is you')
    await question.getByLabel('Code').waitFor()
    await examine(window, 'the question for a fresh factor')
    await write(question.getByLabel('Code'), await freshCode(owner))
    await page.keyboard.press('Enter')
    await page.getByText('Sample passkey').waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0)
    await examine(window, 'the account')
  })

  step('policy 3.1-c: a passkey alone signs in, asked for with the keyboard', async () => {
    // The sign-in page offers passkeys by itself; nobody touches the key before the button is pressed.
    await key.touched(false)
    await press('Sign out')
    await heading('Sign in').waitFor()
    await press('Sign in with a passkey')
    await key.touched(true)
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  })

  step('policy 3.2-a: somebody is invited for a kind of work, and joins with the role for it', async () => {
    await visit('people', 'People and roles')
    await press('Invite')
    const form = dialog('Invite a person')
    await write(form.getByLabel('E-mail'), agent.email)
    await form.getByText(/This role is for .*customer service/).waitFor()
    assert.equal(await form.getByLabel('Work', { exact: true }).inputValue(), 'customer service')
    await examine(window, 'the invitation')
    await press('Make invitation link', form)
    const link = await page.getByLabel('invitation link', { exact: true }).innerText()
    await press('Done')
    const token = new URL(link.trim()).hash.slice(1)
    theirs = await openWindow(browser, system.origin)
    await goToEmptyPage(theirs.page, system.origin)
    const { name, password } = agent
    await makeAccount(theirs.page, agent, { token, name, password })
  })

  step(
    'policy 3.1-b: whoever administers nothing may add a number, confirmed by the code sent to it',
    async () => {
      await theirs.page.goto('/console/account')
      await enter(theirs.page.getByRole('button', { name: 'Add a factor' }))
      const form = theirs.page.getByRole('dialog', { name: 'Add a second factor' })
      await form.getByLabel('Kind').focus()
      await theirs.page.keyboard.type('Text')
      await form.getByText('The weakest second factor').waitFor()
      await examine(theirs, 'the form of a number')
      await form.getByLabel('Telephone number').focus()
      await theirs.page.keyboard.type(NUMBER)
      await theirs.page.keyboard.press('Enter')
      await form.getByLabel('Code').waitFor()
      const code = /\b\d{6}\b/.exec(await newestMessage(system, 'code', NUMBER))?.[0] ?? ''
      await form.getByLabel('Code').focus()
      await theirs.page.keyboard.type(code)
      await theirs.page.keyboard.press('Enter')
      await form.waitFor({ state: 'hidden' })
      await theirs.page.getByText('text messages').first().waitFor()
    },
  )

  step('policy 3.2-a: a role for other work needs an exception with a reason and an end', async () => {
    await visit('people', 'People and roles')
    await press(`Manage ${agent.name}`)
    const form = dialog(agent.name)
    await form.getByText(/given .* by Sample owner/).waitFor()
    await form.getByLabel('Role', { exact: true }).selectOption('auditor')
    await form.getByLabel('Work', { exact: true }).selectOption('customer service')
    await press('Save', form)
    await form.getByRole('alert').waitFor()
    await write(form.getByLabel('Reason'), REASON)
    await examine(window, 'an exception')
    await press('Save as an exception', form)
    await form.waitFor({ state: 'hidden' })
    await page.getByText(/exception, ends in/).waitFor()
    await examine(window, 'people')
  })

  step('policy 3.2-d: the owner keeps the provider’s support out', async () => {
    await press('Keep support out')
    await page.getByText('Support is kept out of this workspace.').waitFor()
  })

  step('policy 4.3-a.2: a key is replaced by another one, and both are good for a while', async () => {
    await visit('api-keys', 'API keys')
    await press('New API key')
    const form = dialog('New API key')
    await write(form.getByLabel('Name'), 'Sample program')
    await form.getByLabel('Read conversations').focus()
    await page.keyboard.press('Space')
    await press('Make key', form)
    await press('Done')
    await press(/^Replace key Sample program/)
    await examine(window, 'the replacement of a key')
    await press('Make the new key', dialog('Replace Sample program'))
    await page.getByText(/is good until/).waitFor()
    await press('Done')
    await page.getByText('replaced, still good').waitFor()
    await page.getByText('in the place of').waitFor()
    await examine(window, 'API keys in the place of each other')
  })

  step('policy 4.3-a.2: a program is registered, and its secret shown once', async () => {
    await visit('programs', 'Programs')
    await press('Register a program')
    const form = dialog('Register a program')
    await write(form.getByLabel('Name'), 'Sample machine')
    await form.getByLabel('conversation.read').focus()
    await page.keyboard.press('Space')
    await examine(window, 'the form of a program')
    await press('Register', form)
    await page.getByLabel('client secret', { exact: true }).waitFor()
    await press('Done')
    await page.getByRole('table', { name: 'Programs' }).getByText('Sample machine').waitFor()
    await examine(window, 'programs')
  })

  step('policy 3.2-a: why somebody, a key or a program may do something is told', async () => {
    await visit('roles', 'Roles and permissions')
    const who = page.getByLabel('Who', { exact: true })
    const answer = page.getByRole('region', { name: 'Why may somebody do something?' })
    await answer.getByText(/It comes with the role owner/).waitFor()
    for (const name of [/^API key Sample program/, /^Program Sample machine/]) {
      const option = who.locator('option').filter({ hasText: name }).first()
      await who.selectOption((await option.getAttribute('value')) ?? '')
      await answer.getByText(/Its scope allows it/).waitFor()
    }
    await page.getByLabel('May', { exact: true }).selectOption('people.edit')
    await answer.getByText('Not allowed').waitFor()
    await examine(window, 'roles')
    await press('New role')
    await examine(window, 'the form of a role')
    await page.keyboard.press('Escape')
  })

  step('policy 3.2-d: an emergency is counted down above every page, and ended early', async () => {
    await visit('resets', 'Resets of second factors')
    await page.getByText(/Changes here need an elevation/).waitFor()
    await letProofsAge()
    await enter(page.getByRole('link', { name: 'Ask for an elevation' }))
    await heading('Elevations').waitFor()
    await press('Break glass')
    const form = dialog('Break glass')
    for (const what of ['Give and withdraw staff roles', 'Reset a person’s second factors']) {
      await form.getByLabel(what).focus()
      await page.keyboard.press('Space')
    }
    await write(form.getByLabel('Reason'), REASON)
    await examine(window, 'the form of an emergency')
    await press('Break glass now', form)
    await press('Use the key', dialog('Confirm that it is you'))
    const banner = page.getByRole('region', { name: 'Elevation' })
    await banner.getByText(/^1[0-5]:\d\d$/).waitFor()
    await examine(window, 'elevations')
  })

  step('policy 3.1-0: a reset is asked for while elevated, and the person concerned stops it', async () => {
    await visit('people', 'People and roles')
    await page.getByRole('button', { name: 'Give a staff role' }).waitFor()
    await visit('resets', 'Resets of second factors')
    await press('Ask for a reset')
    const form = dialog('Ask for a reset')
    await write(form.getByLabel('E-mail'), owner.email)
    await write(form.getByLabel('Reason'), REASON)
    await press('Ask for the reset', form)
    await form.getByText(/Nobody resets their own factors/).waitFor()
    await form.getByLabel('E-mail').fill(agent.email)
    await press('Ask for the reset', form)
    await page.getByRole('table', { name: 'Resets under way' }).getByText(agent.email).waitFor()
    await examine(window, 'resets')
    await theirs.page.reload()
    await theirs.page.getByText('Somebody asked to reset your second factors').waitFor()
    await examine(theirs, 'the account while a reset is under way')
    await enter(theirs.page.getByRole('button', { name: 'Stop the reset' }))
    await theirs.page.getByText('The reset is stopped').waitFor()
    await theirs.context.close()
    await press('End now')
    await page.getByRole('region', { name: 'Elevation' }).waitFor({ state: 'hidden' })
  })

  step('policy 3.2-c: a member is suspended, let in again, leaves for good, and comes back', async () => {
    await visit('people', 'People and roles')
    const form = dialog(agent.name)
    await press(`Manage ${agent.name}`)
    await press('Suspend', form)
    await said('Suspended')
    await press(`Manage ${agent.name}`)
    await press('Let in again', form)
    await said('Let in again')
    await press(`Manage ${agent.name}`)
    await press('Leaves for good', form)
    const last = dialog(`${agent.name} leaves`)
    await examine(window, 'the last question before somebody leaves')
    await press('End everything now', last)
    await last.getByText('Nothing works any more').waitFor()
    await examine(window, 'what came of a departure')
    await press('Done', last)
    await page.getByText('suspended', { exact: true }).waitFor()
    await press(`Manage ${agent.name}`)
    await press('Let in again', form)
    await said('Let in again')
    await page.getByText('suspended', { exact: true }).waitFor({ state: 'hidden' })
  })

  step('policy 3.2-b: the reviews of access read well', async () => {
    await visit('reviews', 'Access reviews')
    await examine(window, 'reviews')
  })

  step('policy 3.2-c: a directory is given a token', async () => {
    await visit('provisioning', 'Provisioning')
    await press('New directory token')
    const form = dialog('New directory token')
    await write(form.getByLabel('Name'), 'Sample directory')
    await page.keyboard.press('Enter')
    await page.getByLabel('directory token', { exact: true }).waitFor()
    await press('Done')
    await page.getByRole('table', { name: 'Directory tokens' }).getByText('Sample directory').waitFor()
    await examine(window, 'provisioning')
  })

  step('Ctrl K finds every page of access by what people call it', async () => {
    for (const [word, name] of [
      ['locked out', 'Resets'],
      ['break glass', 'Elevations'],
      ['scim', 'Provisioning'],
      ['rotate', 'API keys'],
      ['oauth', 'Programs'],
      ['quarterly', 'Access reviews'],
      ['why', 'Roles'],
      ['passkey', 'Account security'],
    ] as const) {
      await page.keyboard.press('Control+k')
      await page.locator('[role=combobox]:focus').waitFor()
      await page.keyboard.type(word)
      await page.getByRole('option', { selected: true }).filter({ hasText: name }).waitFor()
      await page.keyboard.press('Escape')
      await dialog('Search').waitFor({ state: 'hidden' })
    }
  })

  step(
    'policy 3.1-0: a forgotten password is renewed by a letter and the second factor together',
    async () => {
      await key.touched(false)
      await press('Sign out')
      await heading('Sign in').waitFor()
      await waitForTries(page, system.origin)
      await enter(page.getByRole('link', { name: 'Password forgotten' }))
      await heading('Password forgotten').waitFor()
      await examine(window, 'password forgotten')
      await write(page.getByLabel('E-mail'), owner.email)
      await page.keyboard.press('Enter')
      await page.getByText('Look into your mailbox').waitFor()
      const letter = await newestMessage(system, 'recovery-asked', owner.email)
      await page.goto(/https:\/\/\S+\/console\/recover#\S+/.exec(letter)?.[0] ?? '')
      await heading('Choose a new password').waitFor()
      await press('Go on')
      await enter(page.getByRole('button', { name: 'Use a security key or passkey' }))
      await key.touched(true)
      await press('Use the key')
      const renewed = `${owner.password} anew`
      await page.getByLabel('New password').waitFor()
      await examine(window, 'a new password')
      await write(page.getByLabel('New password'), renewed)
      await key.touched(false)
      await page.keyboard.press('Enter')
      await heading('Sign in').waitFor()
      await write(page.getByLabel('E-mail'), owner.email)
      await write(page.getByLabel('Password', { exact: true }), renewed)
      await page.keyboard.press('Enter')
      await heading('Second factor').waitFor()
      await examine(window, 'the second step')
    },
  )
})
