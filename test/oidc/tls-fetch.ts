import { request } from 'node:https'

/** `fetch` over TLS with an authority of the test's own; follows nothing. */
export function tlsFetch(ca: string): (url: string | URL, init?: FetchInit) => Promise<Response> {
  return (url, init = {}) =>
    new Promise((resolve, reject) => {
      const headers = Object.fromEntries(new Headers(init.headers))
      const body = init.body instanceof URLSearchParams ? init.body.toString() : init.body
      const sent = request(new URL(url), {
        method: init.method ?? 'GET',
        headers,
        ca,
        host: '127.0.0.1',
        servername: 'localhost',
      })
      sent.once('error', reject)
      sent.once('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.once('error', reject)
        answer.once('end', () => {
          const all = new Headers()
          for (let at = 0; at < answer.rawHeaders.length; at += 2)
            all.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '')
          const status = answer.statusCode ?? 500
          const whole = Buffer.concat(parts)
          const empty = whole.length === 0 || status === 204 || status === 304
          resolve(new Response(empty ? null : new Uint8Array(whole), { status, headers: all }))
        })
      })
      sent.end(body ?? undefined)
    })
}

/** What is used of a request's parts. */
interface FetchInit {
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: string | URLSearchParams | null
}
