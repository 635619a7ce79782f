import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { after, before, suite } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { sql } from '../drills/workplace.ts'
import { startSystem, type RunningSystem } from '../running-system.ts'
import { goToEmptyPage, openTrustingBrowser } from './authenticator.ts'
import { noBrowser, openWindow, type Window } from './browser.ts'
import { examine } from './look.ts'
import { makeAccount } from './new-account.ts'
import { person } from './person.ts'
import { openSteps, STEP } from './steps.ts'

const REASON = 'A sample reason of a test'

suite('keys and recovery, in a real browser', { skip: noBrowser, timeout: 480_000 }, () => {
  const owner = person('Sample owner')
  let folder: string
  let system: RunningSystem
  let browser: Browser
  let window: Window
  let page: Page

  const step = openSteps(() => ({ window, system }))
  const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true })
  const visit = async (path: string, title: string): Promise<void> => {
    await page.goto(`/console/${path}`)
    await heading(title).waitFor()
  }
  const tab = async (name: string, title: string): Promise<void> => {
    const tabs = page.getByRole('navigation', { name: 'Keys and recovery' })
    await tabs.getByRole('link', { name, exact: true }).press('Enter')
    await heading(title).waitFor()
  }
  const dialog = (name: string) => page.getByRole('dialog', { name })
  const press = (name: string | RegExp, within: Page | Locator = page): Promise<void> =>
    within.getByRole('button', { name }).first().press('Enter')

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'surety-backups-'))
    const environment = {
      SURETY_BACKUPS: join(folder, 'backups'),
      SURETY_RECOVERY_KEYS: join(folder, 'recovery-keys'),
    }
    ;[system, browser] = await Promise.all([startSystem({ environment }), openTrustingBrowser()])
    window = await openWindow(browser, system.origin)
    page = window.page
    await goToEmptyPage(page, system.origin)
    const token = new URL(system.firstLink ?? '').hash.slice(1)
    const { name, email, password } = owner
    await makeAccount(page, owner, { token, name, email, password, workspaceName: 'Sample shop' })
    // Whoever holds backups for a case is another role than the first administrator's.
    await sql(system, "update surety.staff set role = 'security-officer'")
    await sql(system, "select pg_notify('access_changed', 'everybody')")
  }, STEP)

  after(async () => {
    await browser?.close()
    await system?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, STEP)

  step(
    'policy 6.1-a, 6.2-b: the first backup is there, and each region says how far it is behind',
    async () => {
      await visit('recovery', 'Backups')
      const runs = page.getByRole('table', { name: 'Last backups' })
      await runs.getByText('whole').first().waitFor({ timeout: 60_000 })
      const regions = page.getByRole('table', { name: 'Regions' })
      await regions
        .getByText(/ s behind$/)
        .nth(1)
        .waitFor()
      await regions.getByText('stand-in for a region').first().waitFor()
      const days = page.getByRole('list', { name: 'Days of backups' })
      await days.getByText('log without gap').waitFor()
      await days.getByRole('listitem').first().focus()
      await page.keyboard.press('j')
      await page.keyboard.press('k')
      await page.keyboard.press('Enter')
      await page
        .getByRole('region', { name: /^Backups of / })
        .getByRole('table')
        .waitFor()
      await examine(window, 'backups')
      await days.getByRole('listitem').first().focus()
      await page.keyboard.press('Escape')
      await page.getByRole('region', { name: /^Backups of / }).waitFor({ state: 'hidden' })
    },
  )

  step('policy 6.1-a: the schedule is paused for a reason and a time, and goes on again', async () => {
    await press('Pause')
    await press('Pause the schedule', dialog('Pause the schedule'))
    await page.getByText('The schedule is paused').waitFor()
    await press('Go on')
    await press('Let it go on', dialog('Let the schedule go on'))
    await page.getByText('The schedule is paused').waitFor({ state: 'hidden' })
  })

  step('policy 6.1-e: backups are held for a case, and let go', async () => {
    await tab('Holds and removals', 'Holds and removals')
    await page.getByText('Nothing is held').waitFor()
    await press('Hold backups')
    const form = dialog('Hold backups')
    await form.getByLabel('Number of the case').fill('SAMPLE-1')
    await form.getByLabel('Backups from').fill('2026-01-01')
    await press('Hold them', form)
    const holds = page.getByRole('table', { name: 'Kept for a case' })
    await holds.getByText('in force').waitFor()
    await examine(window, 'holds and removals')
    await press('Let go: SAMPLE-1', holds)
    await press('Let it go', dialog('Let the hold go'))
    await holds.getByText(/^let go/).waitFor()
  })

  step('policy 3.2-d: a restore for a look needs an elevation', async () => {
    await tab('Restores', 'Restores')
    await page.getByRole('link', { name: 'Ask for an elevation' }).press('Enter')
    await heading('Elevations').waitFor()
    await press('Break glass')
    const glass = dialog('Break glass')
    await glass.getByLabel('Restore a backup into a sandbox').press('Space')
    await glass.getByLabel('Reason').fill(REASON)
    await press('Break glass now', glass)
    await page.getByRole('region', { name: 'Elevation' }).waitFor()
    await visit('recovery/restores', 'Restores')
    await press('Restore for a look')
    await press('Restore', dialog('Restore for a look'))
    await page.getByRole('table', { name: 'Restored for a look' }).waitFor()
  })

  step(
    'policy 2.3-a.1: every class of keys says when it must be replaced, and opens to its keys',
    async () => {
      await tab('Keys', 'Keys')
      const classes = page.getByRole('list', { name: 'Classes of keys' })
      await classes
        .getByText(/^due in 3\d\d days$/)
        .first()
        .waitFor()
      await page.getByText('stand-in for a keeper').waitFor()
      await page.getByText('No rotation is under way').waitFor()
      await classes.getByRole('listitem').filter({ hasText: 'Data keys' }).focus()
      await page.keyboard.press('Enter')
      await dialog('Data keys').getByText('the data key of provider').waitFor()
      await page.keyboard.press('Escape')
      const { code, stderr } = await system.cli(['keys', 'rotate', 'data'])
      assert.equal(code, 0, stderr)
      await page.reload()
      await page.getByRole('table', { name: 'Older versions' }).getByText('the provider').waitFor()
      await classes.getByText('version 2', { exact: true }).waitFor()
      await examine(window, 'keys')
    },
  )

  step('policy 2.3-b: who used whose keys, the newest first, down to the number of the use', async () => {
    await tab('Uses of keys', 'Uses of keys')
    await page.getByLabel('What was done').selectOption({ label: 'Replaced' })
    const uses = page.getByRole('list', { name: 'Uses of keys' })
    await uses
      .getByText(/by operator/)
      .first()
      .waitFor()
    await uses.getByRole('listitem').first().focus()
    await page.keyboard.press('Enter')
    await uses.getByText('key.rotated').waitFor()
    await examine(window, 'uses of keys')
    await page.keyboard.press('Escape')
    await uses.getByText('key.rotated').waitFor({ state: 'hidden' })
  })

  step('policy 6.1-a: what came back can be looked at, and is removed again', async () => {
    await tab('Restores', 'Restores')
    const table = page.getByRole('table', { name: 'Restored for a look' })
    await table.getByText('ready', { exact: true }).waitFor({ timeout: 60_000 })
    await examine(window, 'restores')
    await press(/^Remove the restore/, table)
    await press('Remove it', dialog('Remove what was restored'))
    await table.getByText('removed', { exact: true }).waitFor()
  })

  step('policy 6.2-a, 6.2-b, 6.2-d: what was measured stands beside what is promised', async () => {
    await tab('Drills', 'Drills')
    const promises = page.getByRole('table', { name: 'Promises' })
    await promises.getByText('within it').first().waitFor()
    await promises.getByText('there is no standby').waitFor()
    await examine(window, 'drills')
  })

  step('Ctrl K finds the pages of keys and recovery by what people call them', async () => {
    for (const [word, name] of [
      ['lag', 'Keys and recovery'],
      ['rotation', 'Keys'],
      ['sandbox', 'Restores'],
      ['failover', 'Drills'],
      ['legal hold', 'Holds and removals'],
    ] as const) {
      await page.keyboard.press('Control+k')
      await page.locator('[role=combobox]:focus').waitFor()
      await page.keyboard.type(word)
      await page.getByRole('option', { selected: true }).filter({ hasText: name }).waitFor()
      await page.keyboard.press('Escape')
      await dialog('Search').waitFor({ state: 'hidden' })
    }
  })
})
