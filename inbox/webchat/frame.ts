import { html } from 'hono/html'

/** The policy of the frame: its own script and style, framed by the listed origins and nobody else. */
export function framePolicy(allowedOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    `frame-ancestors ${allowedOrigins.length === 0 ? "'none'" : allowedOrigins.join(' ')}`,
  ].join('; ')
}

/** The chat that a web page shows in a frame; works by keyboard, announces new messages. */
export function frameHtml(inbox: string, name: string) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${name}</title>
        <link rel="stylesheet" href="/w/static/chat.css" />
        <script type="module" src="/w/static/chat.js"></script>
      </head>
      <body data-inbox="${inbox}">
        <main>
          <h1>${name}</h1>
          <ol id="messages" role="log" aria-live="polite" aria-label="Messages"></ol>
          <p id="state" role="status"></p>
          <form id="compose">
            <label for="text">Message</label>
            <textarea id="text" rows="2" maxlength="4000" required></textarea>
            <button type="submit">Send</button>
          </form>
        </main>
      </body>
    </html>`
}
