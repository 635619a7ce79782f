import { existsSync } from 'node:fs'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type CDPSession,
  type Page,
} from 'playwright-core'

const executable = process.env['SURETY_CHROMIUM'] ?? '/usr/bin/chromium'

/** Why there can be no journey here, or false when there can. */
export const noBrowser: string | false = existsSync(executable)
  ? false
  : `no Chromium at ${executable}; SURETY_CHROMIUM names another place`

/** How long anything that a person waits for may take to appear. */
const APPEARS_MS_MAX = 30_000

/** A browser that speaks to nobody but the system under test. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A person's browser window: a fresh profile of its own, watched. */
export interface Window {
  readonly context: BrowserContext
  readonly page: Page
  /** The browser's own tools for this page, open as long as the window is: closing them would unplug authenticators. */
  readonly devtools: CDPSession
  /** What went wrong in its pages since the last call: violations of the content security policy, errors, refusals. */
  faults(): string[]
}

/** Refusals are answers that the journey asks for: not signed in, not allowed, not as things stand, not acceptable. */
const EXPECTED = /^Failed to load resource: the server responded with a status of (401|403|409|422)/

/** Runs in every page before its own code. */
const REPORT_VIOLATIONS = {
  content: `document.addEventListener('securitypolicyviolation', (event) =>
    reportViolation([event.documentURI, event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.sample].join(' ')))`,
}

/** Opens a window and listens to everything that its pages complain about. */
export async function openWindow(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext({
    baseURL: origin,
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(APPEARS_MS_MAX)
  let faults: string[] = []
  await context.exposeBinding('reportViolation', (_, what: string) => {
    faults.push(`content security policy: ${what}`)
  })
  await context.addInitScript(REPORT_VIOLATIONS)
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text()))
      faults.push(`console on ${page.url()}: ${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => faults.push(`error on ${page.url()}: ${error.stack ?? error.message}`))
  return {
    context,
    page,
    devtools,
    faults: () => {
      const found = faults
      faults = []
      return found
    },
  }
}
