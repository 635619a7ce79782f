import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { firstPerson, testAccess } from '../../platform/access/access.fixture.ts'
import { accessRoutes } from '../../platform/access/routes.ts'
import { decide } from '../../platform/access/roles/roles.ts'
import { mountRoutes } from '../../platform/gateway/app.ts'
import { nobodyTurnedAway } from '../../platform/gateway/block-list/turned-away.ts'
import { openRateLimiter } from '../../platform/gateway/rate-limit.ts'
import { newId } from '../../platform/kernel/id.ts'
import { silentLog } from '../../platform/kernel/log.ts'

/** The SCIM service on plain loopback, over a database of its own. */
export interface ScimService {
  /** E.g. `http://127.0.0.1:50000/scim/v2`. */
  readonly base: string
  readonly port: number
  readonly token: string
  close(): Promise<void>
}

async function requestOf(incoming: IncomingMessage, port: number): Promise<Request> {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers))
    if (typeof value === 'string' && !['connection', 'expect'].includes(name)) headers.set(name, value)
  const method = incoming.method ?? 'GET'
  const url = `http://127.0.0.1:${port}${incoming.url ?? '/'}`
  const body = await buffer(incoming)
  return new Request(url, { method, headers, ...(method === 'GET' || body.length === 0 ? {} : { body }) })
}

/** Starts the routes that the gateway mounts, with the gateway's own checks before them, and makes a token. */
export async function startScim(): Promise<ScimService> {
  const test = await testAccess({
    'api.rate': 1_000_000,
    'rate.network': 1_000_000_000,
    'rate.account': 1_000_000_000,
    'rate.workspace': 1_000_000_000,
    'rate.sign-in': 30,
  })
  const { access, clock, policy } = test
  const owner = await firstPerson(test)
  const wish = { workspace: owner.workspace, label: 'conformance', seconds: 86_400 }
  const { token } = await access.directory.makeToken(await owner.context(), wish)
  const app = mountRoutes(accessRoutes(access), {
    access: { identify: access.identify, decide, fresh: access.isFresh, provesForm: access.provesForm },
    limiter: openRateLimiter(clock),
    turnedAway: nobodyTurnedAway,
    policy,
    record: (event) => test.audit.record(test.db, event),
    log: silentLog,
  })
  const server = createServer((incoming, outgoing) => {
    const serve = async (): Promise<void> => {
      const { port } = server.address() as AddressInfo
      const exchange = {
        requestId: newId(clock),
        ip: '127.0.0.1',
        userAgent: 'conformance',
        pattern: '',
        replyHeaders: {},
      }
      // The Microsoft collection first asks for a token at an address of its own, which is no part of SCIM.
      const asksToken = incoming.url === '/scim/v2/Token'
      const reply = asksToken
        ? Response.json({ token })
        : await app(await requestOf(incoming, port), { exchange })
      outgoing.writeHead(reply.status, Object.fromEntries(reply.headers))
      outgoing.end(Buffer.from(await reply.arrayBuffer()))
      // Time goes on, so that what is made later is younger.
      clock.advanceSeconds(0.01)
    }
    serve().catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    base: `http://127.0.0.1:${port}/scim/v2`,
    port,
    token,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>((closed) => server.close(() => closed()))
      await access.leavers.settled()
      await test.close()
    },
  }
}
