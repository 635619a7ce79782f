import { html } from 'hono/html'
import type { Verdict } from '#waf'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { sendProblem, type Exchange, type NodeRequest, type NodeResponse } from '../exchange.ts'
import { contentSecurityPolicy } from '../headers.ts'

/** A request or an answer that the rules stopped; whoever sent it is told no more than that. Policy 4.1-a. */
export class Blocked extends Problem {
  readonly verdict: Verdict

  constructor(verdict: Verdict) {
    // A body over the rules' own limit is refused like one over ours.
    super(verdict.status === 413 ? 'request.too-large' : 'firewall.blocked', BLOCKED)
    this.verdict = verdict
  }
}

const BLOCKED = 'The firewall stopped this. If it should not have, tell us the request id.'

/** Answers with a refusal: as the rules say for what they stopped, as a problem for anything else. */
export async function sendRefusal(
  visit: { readonly incoming: NodeRequest; readonly outgoing: NodeResponse; readonly exchange: Exchange },
  log: Log,
  error: unknown,
): Promise<void> {
  const { incoming, outgoing, exchange } = visit
  const plain = (): void => sendProblem(outgoing, exchange, log, error)
  if (!(error instanceof Blocked)) return plain()
  if (exchange.pattern === 'none') exchange.pattern = 'firewall'
  const { action, location, status } = error.verdict
  if (isDropped(error)) return endConnection(incoming, outgoing)
  if (outgoing.headersSent || outgoing.destroyed) return plain()
  if (action === 'redirect' && location !== null && isSendable(location)) {
    outgoing.statusCode = status >= 300 && status < 400 ? status : 302
    outgoing.setHeader('location', location)
    outgoing.setHeader('cache-control', 'no-store')
    outgoing.end()
  } else if (isNavigation(incoming)) await sendPage(outgoing, exchange.requestId)
  else plain()
}

/** Whether a refusal ends the connection without an answer. */
export function isDropped(error: unknown): boolean {
  return error instanceof Blocked && error.verdict.action === 'drop'
}

/** An address that can stand in a header: printable ASCII. */
function isSendable(location: string): boolean {
  return /^[!-~]+$/.test(location)
}

/** Ends the connection and every other request on it, without an answer. */
function endConnection(incoming: NodeRequest, outgoing: NodeResponse): void {
  if ('stream' in incoming) incoming.stream.session?.destroy()
  outgoing.destroy()
}

/** Whether a person opened an address or sent a form; scripts and programs get a problem. */
function isNavigation({ headers }: NodeRequest): boolean {
  const mode = headers['sec-fetch-mode'] ?? 'navigate'
  return mode === 'navigate' && (headers.accept ?? '').includes('text/html')
}

async function sendPage(outgoing: NodeResponse, requestId: string): Promise<void> {
  const page = String(await blockedPage(requestId))
  outgoing.statusCode = 403
  outgoing.setHeader('content-type', 'text/html; charset=utf-8')
  outgoing.setHeader('content-security-policy', contentSecurityPolicy.page)
  outgoing.setHeader('cache-control', 'no-store')
  outgoing.setHeader('content-length', Buffer.byteLength(page))
  outgoing.end(page)
}

/** The page of a stopped request: its id and nothing about the rule. No script, no style of its own. */
function blockedPage(requestId: string): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Stopped by the firewall</title>
        <link rel="stylesheet" href="/oauth/style.css" />
      </head>
      <body>
        <main>
          <h1>The firewall stopped this request</h1>
          <p>Nothing was changed. If you did nothing unusual, tell us this number and we will look at it:</p>
          <p><code>${requestId}</code></p>
        </main>
      </body>
    </html>`
}
