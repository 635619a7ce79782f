import { html } from 'hono/html'
import { scopeInWords } from './scopes.ts'

/** Rendered HTML; values put into it are escaped. */
type Html = ReturnType<typeof html>

/** A page of the way through OAuth 2.0: no script, one stylesheet of ours. */
export interface Page {
  readonly title: string
  readonly content: Html
  readonly status?: number
  /** Where a form's answer may lead besides this origin: the address of the client's that the browser is sent back to. */
  readonly leadsTo?: string | null
  /** Where the browser goes by itself. */
  readonly next?: string
}

/** An address as a source of a content security policy: its origin; null for what is no address of the web. */
function sourceOf(address: string | null | undefined): string | null {
  const url = URL.parse(address ?? '')
  return url !== null && /^https?:$/.test(url.protocol) && !/[;,'\s]/.test(url.host) ? url.origin : null
}

/**
 * The policy of such a page. Browsers hold every redirect after a form against `form-action`, and the last one leads
 * to the client.
 */
function contentPolicy(leadsTo: string | null | undefined): string {
  const client = sourceOf(leadsTo)
  return [
    "default-src 'none'",
    "script-src 'none'",
    "style-src 'self'",
    "base-uri 'none'",
    `form-action 'self'${client === null ? '' : ` ${client}`}`,
    "frame-ancestors 'none'",
  ].join('; ')
}

/** A page as a response that no cache keeps. */
export async function pageResponse(page: Page): Promise<Response> {
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': contentPolicy(page.leadsTo),
  })
  return new Response(String(await rendered(page)), { status: page.status ?? 200, headers })
}

function rendered({ title, content, next }: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${next === undefined ? '' : html`<meta http-equiv="refresh" content="0; url=${next}" />`}
        <link rel="stylesheet" href="/oauth/style.css" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`
}

/**
 * The first page of ours after another site sent the browser here. The session's cookie comes along only when a page of
 * our own asks, so this one goes on by itself, as a page of this origin.
 */
export function onwardPage(next: string): Page {
  return {
    title: 'One moment',
    next,
    content: html`<p><a class="button" href="${next}">Continue</a></p>`,
  }
}

/** What a page of the sign-in is about. */
export interface SignInView {
  /** Path of this interaction. */
  readonly at: string
  readonly client: string
  readonly leadsTo: string | null
  /** Why the last attempt was refused. */
  readonly refused?: string
  readonly email?: string
  /** Why somebody who is signed in signs in again. */
  readonly why?: string
}

function notes({ refused, why }: SignInView): Html {
  return html`${why === undefined ? '' : html`<p>${why}</p>`}
  ${refused === undefined ? '' : html`<p class="refused" role="alert">${refused}</p>`}`
}

function cancelForm({ at }: Pick<SignInView, 'at'>): Html {
  return html`<form method="post" action="${at}/cancel">
    <button class="plain" name="cancel">Cancel and go back</button>
  </form>`
}

/** E-mail address and password. */
export function passwordPage(view: SignInView): Page {
  return {
    title: `Sign in to go on to ${view.client}`,
    leadsTo: view.leadsTo,
    ...(view.refused === undefined ? {} : { status: 401 }),
    content: html`${notes(view)}
      <form method="post" action="${view.at}/password">
        <label for="email">E-mail address</label>
        <input id="email" name="email" type="email" autocomplete="username" value="${view.email ?? ''}" required autofocus />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button>Continue</button>
      </form>
      <p class="small">
        To use a security key, a passkey or your organisation’s sign-in,
        <a href="/console/" target="_blank" rel="noopener">sign in in the console</a>, then
        <a href="${view.at}/go">continue here</a>.
      </p>
      ${cancelForm(view)}`,
  }
}

/** The code of the second factor. */
export function codePage(view: SignInView): Page {
  return {
    title: 'Enter your code',
    leadsTo: view.leadsTo,
    ...(view.refused === undefined ? {} : { status: 401 }),
    content: html`${notes(view)}
      <form method="post" action="${view.at}/code">
        <label for="code">Code from your authenticator app, or a recovery code</label>
        <input id="code" name="code" autocomplete="one-time-code" autocapitalize="off" required autofocus />
        <button>Sign in</button>
      </form>
      <p class="small">
        To use a security key or a text message,
        <a href="/console/" target="_blank" rel="noopener">finish signing in in the console</a>, then
        <a href="${view.at}/go">continue here</a>.
      </p>
      ${cancelForm(view)}`,
  }
}

/** What the person is asked to allow. */
export function consentPage(view: {
  readonly at: string
  readonly client: string
  readonly workspace: string
  readonly person: string
  readonly scopes: readonly string[]
  readonly leadsTo: string | null
}): Page {
  const words = view.scopes.map(scopeInWords).filter((one) => one !== null)
  const goesTo = sourceOf(view.leadsTo) ?? 'the program'
  return {
    title: `Allow ${view.client}?`,
    leadsTo: view.leadsTo,
    content: html`<p>
        You are signed in as <b>${view.person}</b>. <b>${view.client}</b>, a program of the workspace
        <b>${view.workspace}</b>, asks to act in your name. It will be able to:
      </p>
      <ul>
        ${words.map((one) => html`<li>${one}</li>`)}
      </ul>
      <p class="small">
        It never does more than you may do yourself at that moment. You can withdraw this at any time in your account.
        Your answer goes to ${goesTo}.
      </p>
      <form method="post" action="${view.at}/consent">
        <button name="answer" value="allow">Allow</button>
        <button class="plain" name="answer" value="refuse">Refuse</button>
      </form>`,
  }
}

/** Somebody is signed in who may not use this client. */
export function otherAccountPage(view: SignInView & { readonly reason: string }): Page {
  return {
    ...passwordPage({ ...view, why: view.reason }),
    title: 'Sign in with another account',
    status: 403,
  }
}

/** Asks whether to sign out, as an application wants. */
export function signOutPage(view: { readonly secret: string; readonly leadsTo: string | null }): Page {
  return {
    title: 'Sign out?',
    leadsTo: view.leadsTo,
    content: html`<p>An application asks to sign you out of this service and of everything that you used it for.</p>
      <form method="post" action="/oauth/logout/confirm">
        <input type="hidden" name="xsrf" value="${view.secret}" />
        <button name="logout" value="yes">Sign out</button>
        <button class="plain">Stay signed in</button>
      </form>`,
  }
}

/** Goes on by a form for a browser without a sign-in of ours. */
export function signedOutAlreadyPage(view: {
  readonly secret: string
  readonly leadsTo: string | null
}): Page {
  return {
    title: 'You are signed out',
    leadsTo: view.leadsTo,
    content: html`<p>Nobody is signed in here.</p>
      <form method="post" action="/oauth/logout/confirm">
        <input type="hidden" name="xsrf" value="${view.secret}" />
        <button name="logout" value="yes">Continue</button>
      </form>`,
  }
}

/** The end of signing out for applications that name no address of theirs. */
export const signedOutPage: Page = {
  title: 'You are signed out',
  content: html`<p>You can close this page, or <a href="/console/">sign in again</a>.</p>`,
}

/** A refusal that cannot be sent back to the application, since it is not known to be the right one. */
export function refusalPage(status: number, error: string, says: string): Page {
  return {
    title: 'This did not work',
    status,
    content: html`<p class="refused" role="alert">${says}</p>
      <p class="small">The application that sent you here is told to look for <code>${error}</code>.</p>`,
  }
}
