import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { readReviewedFile } from '../../platform/gateway/firewall/reviewed-file.ts'
import { sql } from '../drills/workplace.ts'
import { startSystem, type RunningSystem } from '../running-system.ts'
import { goToEmptyPage, openTrustingBrowser } from './authenticator.ts'
import { noBrowser, openWindow, type Window } from './browser.ts'
import { examine } from './look.ts'
import { makeAccount } from './new-account.ts'
import { freshCode, person } from './person.ts'
import { openSteps, STEP } from './steps.ts'

/** Rules of the test's own, which add up as those of the Core Rule Set do. */
const SETUP = `SecComponentSignature "OWASP_CRS/9.8.7"
SecAction "id:900990,phase:1,nolog,pass,t:none,setvar:tx.inbound_anomaly_score=0,setvar:tx.inbound_anomaly_score_pl1=0,setvar:tx.blocking_inbound_anomaly_score=0"
`
const RULES = `SecRule ARGS "@rx union\\s+select" "id:942901,phase:2,pass,log,t:none,t:urlDecodeUni,t:lowercase,msg:'Sample words of SQL',severity:'CRITICAL',tag:'paranoia-level/1',setvar:'tx.inbound_anomaly_score_pl1=+5',setvar:'tx.inbound_anomaly_score=+5',setvar:'tx.blocking_inbound_anomaly_score=+5'"
SecRule TX:BLOCKING_INBOUND_ANOMALY_SCORE "@ge %{tx.inbound_anomaly_score_threshold}" "id:949901,phase:2,deny,status:403,log,msg:'Inbound score exceeded (total %{tx.blocking_inbound_anomaly_score})'"
`
const ATTACK = '/sample?note=1%20UNION%20%20SELECT%20sample'
const REASON = 'A sample reason of a test'

suite('traffic and the firewall, in a real browser', { skip: noBrowser, timeout: 480_000 }, () => {
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
  const dialog = (name: string) => page.getByRole('dialog', { name })
  const press = (name: string | RegExp, within: Page | Locator = page): Promise<void> =>
    within.getByRole('button', { name }).first().press('Enter')
  const write = async (into: Locator, words: string): Promise<void> => {
    await into.focus()
    await page.keyboard.type(words)
  }
  const attack = async (): Promise<string> => {
    const { status, headers } = await system.request(ATTACK)
    assert.equal(status, 403)
    return String(headers['surety-request-id'])
  }
  /** Makes the last proof of a factor too old for sensitive acts. */
  const letProofsAge = async (): Promise<void> => {
    const old = new Date(Date.now() - 3_600_000)
    await sql(system, 'update surety.session set proved_at = $1 where proved_at is not null', [old])
    await sql(system, "select pg_notify('access_changed', 'everybody')")
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'surety-rules-'))
    const environment = {
      SURETY_RULES: folder,
      SURETY_FIREWALL: join(folder, 'firewall.yaml'),
      RULES_UPDATE: 'no',
    }
    writeFileSync(environment.SURETY_FIREWALL, 'version: 1\n')
    ;[system, browser] = await Promise.all([startSystem({ environment }), openTrustingBrowser()])
    window = await openWindow(browser, system.origin)
    page = window.page
    await goToEmptyPage(page, system.origin)
    const token = new URL(system.firstLink ?? '').hash.slice(1)
    const { name, email, password } = owner
    await makeAccount(page, owner, { token, name, email, password, workspaceName: 'Sample shop' })
  }, STEP)

  after(async () => {
    await browser?.close()
    await system?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, STEP)

  step('policy 4.1-a: without rules a banner stands above every page, until there are some', async () => {
    const banner = page.getByRole('region', { name: 'Firewall without rules' })
    await visit('account', 'Account security')
    await banner.getByRole('link', { name: 'Clause 4.1-a fails' }).waitFor()
    await banner.getByRole('link', { name: 'What to do' }).press('Enter')
    await heading('Traffic').waitFor()
    await page.getByText('No rules: every request passes unseen').waitFor()
    await examine(window, 'traffic without rules')
    mkdirSync(join(folder, 'rules'))
    writeFileSync(join(folder, 'crs-setup.conf'), SETUP)
    writeFileSync(join(folder, 'rules/REQUEST-901-SAMPLE.conf'), RULES)
    await press('Load anew')
    await banner.waitFor({ state: 'hidden' })
    await page.getByText(/^\d+ of OWASP_CRS\/9\.8\.7/).waitFor()
  })

  step('policy 4.1-a: a refused request appears by itself, unless the page is paused', async () => {
    await press('Pause')
    await attack()
    await press('Go on')
    await page.getByRole('link', { name: '942901' }).waitFor()
    await page.getByRole('list', { name: 'Newest requests' }).getByRole('listitem').first().waitFor()
    await examine(window, 'traffic')
  })

  step(
    'policy 4.1-a: with the keyboard alone, from a refusal down to the value and the pattern',
    async () => {
      await page.getByRole('link', { name: 'Refused', exact: true }).focus()
      await page.keyboard.press('Enter')
      await heading('Refused requests').waitFor()
      const list = page.getByRole('list', { name: 'Refused requests' })
      await list.getByText('Sample words of SQL').waitFor()
      await attack()
      await list.getByRole('listitem').nth(1).waitFor()
      await examine(window, 'refused requests')
      await list.getByRole('listitem').first().focus()
      await page.keyboard.press('j')
      await page.keyboard.press('k')
      await page.keyboard.press('Enter')
      await heading('Why it was refused').waitFor()
      await page.getByText('ARGS:note', { exact: true }).waitFor()
      await page.locator('mark').filter({ hasText: 'union  select' }).waitFor()
      await page.getByText('@rx union\\s+select').waitFor()
      await page.getByText('urlDecodeUni → lowercase').waitFor()
      await examine(window, 'why a request was refused')
    },
  )

  step('policy 4.1-a: the id that a visitor was shown leads to the reason', async () => {
    const id = await attack()
    await visit('traffic/refused?rule=942901', 'Refused requests')
    await write(page.getByLabel('Request id'), id)
    await page.keyboard.press('Enter')
    await heading('Why it was refused').waitFor()
    await page.getByText(id).first().waitFor()
  })

  step('policy 4.1-a: an exclusion is proposed, tried, reviewed, and lets the request pass', async () => {
    await press('Propose an exclusion')
    const proposed = dialog('Proposed exclusion')
    await proposed.getByRole('list', { name: 'Proposed exclusions' }).getByText('942901').waitFor()
    await proposed.getByText(/Of 1 stored refusal here, 1 would pass/).waitFor()
    await examine(window, 'a proposed exclusion')
    await page.keyboard.press('Escape')
    await page.locator('button:focus', { hasText: 'Propose an exclusion' }).waitFor()
    await press('Propose an exclusion')
    await proposed.getByRole('link', { name: /^Try ARGS:note/ }).press('Enter')
    await heading('Exclusions').waitFor()
    await press('Try it')
    const result = page.getByRole('region', { name: 'Result of the trial' })
    await result.getByText(/Of 3 stored refusals here, 3 would pass/).waitFor()
    await page.locator('button:focus', { hasText: 'Try it' }).waitFor()
    await write(result.getByLabel('Why'), 'Notes are "prose": sample')
    await examine(window, 'exclusions')
    const text = await result.getByRole('region', { name: 'Text for the reviewed file' }).innerText()
    const file = `version: 1\nroutes:\n${text}`
    assert.deepEqual(readReviewedFile(file).routes[0]?.exclusions[0]?.targets, ['ARGS:note'])
    writeFileSync(join(folder, 'firewall.yaml'), file)
    await visit('traffic', 'Traffic')
    await press('Load anew')
    await page.getByRole('status').filter({ hasText: 'looked at again' }).waitFor()
    assert.notEqual((await system.request(ATTACK)).status, 403)
  })

  step('policy 4.1-d, 4.3-a.4: the limits in force and the completeness of the log are shown', async () => {
    await visit('traffic/limits', 'Limits')
    await page.getByRole('table', { name: 'Rates' }).getByText('6,000').waitFor()
    await page.getByText('10 MB', { exact: true }).waitFor()
    await page.getByText('Nothing is missing').waitFor()
    await examine(window, 'limits')
  })

  step('policy 4.1-d: somebody is turned away after a fresh factor, and let in again', async () => {
    await page.goto('/console/traffic/block-list?kind=network&subject=127.0.0.1')
    const form = dialog('Block somebody')
    await form.getByLabel('Reason').waitFor()
    await letProofsAge()
    await write(form.getByLabel('Reason'), REASON)
    await press('Turn away', form)
    const question = dialog('Confirm that it is you')
    await write(question.getByLabel('Code'), await freshCode(owner))
    await page.keyboard.press('Enter')
    await form.getByText('You are in this range yourself.').waitFor()
    await examine(window, 'the form of a block')
    await form.getByLabel('Address or range').fill('192.0.2.0/24')
    await press('Turn away', form)
    const active = page.getByRole('table', { name: 'Turned away now' })
    await active.getByText('192.0.2.0/24').waitFor()
    await examine(window, 'the block list')
    await press('Lift the block of 192.0.2.0/24', active)
    await examine(window, 'the last question before a block is lifted')
    await press('Let in again', dialog('Lift the block'))
    await page.getByRole('table', { name: 'Ended blocks' }).getByText('lifted').waitFor()
  })

  step('Ctrl K finds every page of traffic by what people call it', async () => {
    for (const [word, name] of [
      ['waf', 'Traffic'],
      ['blocked', 'Refused requests'],
      ['false positive', 'Exclusions'],
      ['429', 'Limits'],
      ['turn away', 'Block list'],
      ['942901', 'Requests that rule 942901 objected to'],
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
