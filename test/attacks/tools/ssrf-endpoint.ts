import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The place that a forged request is to reach, as wapiti expects one; it and nothing else is ever reached. */
export interface SsrfEndpoint {
  /** With a slash at its end. */
  readonly url: string
  /** Fetches an address if it is this very endpoint's. */
  readonly reach: (address: string) => Promise<string>
  stop(): Promise<void>
}

interface Visit {
  readonly url: string
  readonly date: string
  readonly ip: string
  readonly method: string
}

/** Opens it on the loopback: `ssrf/SESSION/PATH/PARAMETER/` is noted, `get_ssrf.php?id=SESSION` tells what was. */
export async function openSsrfEndpoint(): Promise<SsrfEndpoint> {
  const seen = new Map<string, Record<string, Record<string, Visit[]>>>()
  const server = createServer((request, response) => {
    const target = request.url ?? '/'
    const [, session, path, field] = /^\/ssrf\/(\w+)\/(\w+)\/(\w+)/.exec(target) ?? []
    if (session !== undefined && path !== undefined && field !== undefined) {
      const paths = seen.get(session) ?? {}
      seen.set(session, paths)
      const fields = (paths[path] ??= {})
      const visits = (fields[field] ??= [])
      const { method = '' } = request
      visits.push({ url: target, date: new Date().toISOString(), ip: '127.0.0.1', method })
    }
    const asked = /^\/get_ssrf\.php\?id=(\w+)/.exec(target)?.[1]
    response.setHeader('content-type', asked === undefined ? 'text/plain' : 'application/json')
    response.end(asked === undefined ? 'reached' : JSON.stringify(seen.get(asked) ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    reach: async (address) => {
      if (!address.startsWith(url)) return 'not reached'
      return (await fetch(address, { redirect: 'error' })).text()
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
