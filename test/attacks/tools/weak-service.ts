import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { openWeakDatabase } from './weak-database.ts'
import { openSsrfEndpoint } from './ssrf-endpoint.ts'
import { weakPages, type Fields, type WeakAnswer } from './weak-pages.ts'

/** A request as it reached the service, with its fields decoded. */
export interface Arrival {
  readonly method: string
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
}

/** A service that is weak on purpose, on the loopback, for as long as a test runs; never a part of the product. */
export interface WeakService {
  readonly url: string
  /** Where a server-side request forgery is to go, and where the tool asks whether it came. */
  readonly endpoint: string
  /** What arrived since the last time this was asked. */
  arrivals(): readonly Arrival[]
  stop(): Promise<void>
}

/** Starts it, with a scratch database and a folder that plays the file system. */
export async function startWeakService(): Promise<WeakService> {
  const files = await mkdtemp(join(tmpdir(), 'surety-weak-'))
  await mkdir(join(files, 'srv/files'), { recursive: true })
  await mkdir(join(files, 'etc'))
  await writeFile(join(files, 'srv/files/welcome.txt'), 'Welcome\n')
  await writeFile(
    join(files, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nsample:x:1000:1000::/srv:/bin/sh\n',
  )
  await writeFile(join(files, 'etc/services'), '# Network services, Internet style\n')
  const database = await openWeakDatabase()
  const endpoint = await openSsrfEndpoint()
  const pages = weakPages({ database, files, fetch: endpoint.reach })
  let arrived: Arrival[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const { path, values } = await read(request)
      arrived.push({ method: request.method ?? '', path, fields: Object.fromEntries(values) })
      const fields: Fields = (name) => values.get(name) ?? ''
      const answer = (await pages[path]?.(fields)) ?? { status: 404, body: 'no such page' }
      write(response, answer)
    })().catch(() => response.destroy())
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    endpoint: endpoint.url,
    arrivals: () => {
      const since = arrived
      arrived = []
      return since
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await endpoint.stop()
      await database.close()
      await rm(files, { recursive: true, force: true })
    },
  }
}

/** Listens on a free port of the loopback. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

/** Path and fields: of the query, and of a form or a JSON object in the body. */
async function read(request: IncomingMessage): Promise<{ path: string; values: Map<string, string> }> {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s)
  const values = new Map<string, string>(new URLSearchParams(query))
  const body = await text(request)
  const type = request.headers['content-type'] ?? ''
  if (type.includes('json')) {
    for (const [name, value] of Object.entries(JSON.parse(body) as Record<string, unknown>))
      values.set(name, String(value))
  } else if (type.includes('urlencoded'))
    for (const [name, value] of new URLSearchParams(body)) values.set(name, value)
  else if (body !== '') values.set('body', body)
  return { path, values }
}

/** Writes the answer by hand where its headers are an attacker's: Node itself refuses a line break in one. */
function write(response: ServerResponse, { status = 200, type = 'text/html', raw, body }: WeakAnswer): void {
  if (raw === undefined) {
    response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body)
    return
  }
  const lines = [
    `HTTP/1.1 ${status} Sample`,
    ...raw,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  response.socket?.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
