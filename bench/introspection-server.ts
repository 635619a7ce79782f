/** The process that `introspection` measures: the gateway over OAuth 2.0 on a database of its own; says when it listens. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstPerson, testAccess } from '../platform/access/access.fixture.ts'
import { anotherProcess } from '../platform/access/another-process.fixture.ts'
import { ownToken, registered } from '../platform/access/clients/clients.fixture.ts'
import { accessRoutes } from '../platform/access/index.ts'
import { quietGateway } from '../platform/gateway/gateway.fixture.ts'
import { systemClock as clock } from '../platform/kernel/clock.ts'
import { route } from '../platform/kernel/route.ts'
import { z } from '../platform/kernel/schema.ts'
import type { IntrospectionReady } from './introspection.ts'

const test = await testAccess({
  'api.rate': 100_000_000,
  'rate.network': 1_000_000_000,
  'rate.account': 1_000_000_000,
  'rate.workspace': 1_000_000_000,
  'rate.sign-in': 30,
  'hsts.max-age': 3600,
  'tls.minimum': 'TLSv1.3',
  'tls.groups': ['X25519', 'P-256'],
})
test.clock.set(new Date())
const person = await firstPerson(test)
const { access, door } = await anotherProcess({ ...test, clock }, { pulseMs: 250 })
/** The very same question, answered by the library alone: what ours is compared with. */
const byLibrary = route({
  method: 'POST',
  path: '/oauth/by-library',
  permission: 'public',
  level: 'none',
  reads: 'form',
  event: { none: 'reads what a token is worth' },
  body: z.record(z.string(), z.string()),
  handle: ({ raw, body, ...context }): Promise<Response> => {
    const { headers, method } = raw
    const asked = new Request('https://localhost/oauth/introspect', { method, headers })
    return access.oauth.serve(context, asked, body)
  },
})
const folder = await mkdtemp(join(tmpdir(), 'surety-bench-'))
const gateway = await quietGateway(folder, {
  clock,
  policy: test.policy,
  access: {
    identify: access.identify,
    decide: access.decide,
    fresh: access.isFresh,
    provesForm: access.provesForm,
  },
  record: (event) => test.db.transaction().execute((tx) => test.audit.record(tx, event)),
  routes: [...accessRoutes(access), byLibrary],
})
const client = await registered({ access }, person)
const all = { ...test, access, door, person, client }
const token = await ownToken(all)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1e6)
})
process.on('disconnect', () => process.exit())
const ready: IntrospectionReady = {
  port: gateway.addresses.https.port,
  ca: gateway.authority ?? '',
  basic: client.basic,
  token,
}
process.send?.(ready)
