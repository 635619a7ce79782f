import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'

const executable = process.env['SURETY_CHROMIUM'] ?? '/usr/bin/chromium'

/** A browser that takes the certificate of a test for good: with a doubtful one it makes no credentials. */
export function openTrustingBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--ignore-certificate-errors',
    ],
  })
}

/** An authenticator of the browser's own making. */
export interface VirtualAuthenticator {
  /** Whether somebody touches it whenever it is asked for something. */
  touched(always: boolean): Promise<void>
  /** Unplugs it. */
  remove(): Promise<void>
}

/** Plugs a virtual authenticator into a page (Chrome DevTools protocol, WebAuthn domain). */
export async function plugIn(
  page: Page,
  kind: { readonly protocol: 'ctap2' | 'u2f'; readonly verification: boolean },
): Promise<VirtualAuthenticator> {
  const devtools: CDPSession = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: kind.protocol,
      transport: 'usb',
      hasResidentKey: kind.protocol === 'ctap2' && kind.verification,
      hasUserVerification: kind.verification,
      isUserVerified: kind.verification,
      automaticPresenceSimulation: true,
    },
  })
  return {
    touched: async (always) => {
      await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: always })
    },
    remove: async () => {
      await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
      await devtools.detach()
    },
  }
}

/** Opens a page of this origin that does nothing by itself; the console would ask for a passkey on its own. */
export async function goToEmptyPage(page: Page, origin: string): Promise<void> {
  const address = `${origin}/sample-page`
  await page.route(address, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>Sample</title>' }),
  )
  await page.goto(address)
}

/** What the platform answered to the page. */
export interface Said {
  readonly status: number
  readonly body: unknown
}

/** Posts from the page itself, with its cookies and the proof that it is a page of the session, as the console would. */
export async function post(page: Page, path: string, body: object = {}): Promise<Said> {
  const cookies = await page.context().cookies(page.url())
  const proof = cookies.find(({ name }) => name === '__Host-surety-form')?.value ?? ''
  return page.evaluate(
    async ([to, sent, form]) => {
      const answer = await fetch(to, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'surety-form': form },
        body: sent,
      })
      return { status: answer.status, body: await answer.json() }
    },
    [path, JSON.stringify(body), proof] as const,
  )
}

/** Lets the browser's authenticator make a credential by these options. */
export function create(page: Page, options: unknown): Promise<object> {
  return inPage(page, 'create', 'parseCreationOptionsFromJSON', options)
}

/** Lets the browser's authenticator prove a credential by these options. */
export function prove(page: Page, options: unknown): Promise<object> {
  return inPage(page, 'get', 'parseRequestOptionsFromJSON', options)
}

/** Runs as text, because the types of a browser are none of the server's. */
function inPage(page: Page, does: string, parse: string, options: unknown): Promise<object> {
  return page.evaluate(
    `navigator.credentials.${does}({ publicKey: PublicKeyCredential.${parse}(${JSON.stringify(options)}) }).then((made) => made.toJSON())`,
  )
}
