import { HOUR } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { bothSeen, everyBreakFound, observed } from '../../kernel/observed.ts'
import { filledPath } from '../../kernel/route.ts'
import { accessLifetime, apiKeyLifetime } from '../parameters.ts'
import { lookAtKeyLife, lookWithLateClock } from './key-life.ts'
import { lookAtBrokenTokens, lookAtTokens } from './token-control.ts'
import type { AccessSystem, ListedRoute } from './observed-system.ts'
import { CHECK_ORIGIN, checkContext, withProbe } from './probe-person.ts'
import { PROBE_WORKSPACE } from './queries.ts'

const SCOPE = 'channel.read'
const KEY_SECONDS = 600
/** Stands for whatever a path names: it belongs to nobody. */
const NOBODY = '00000000-0000-7000-8000-000000000000'

/** Routes that anybody may ask: open pages, and the steps of signing in that begin with nothing. */
function isOpen({ permission, level }: ListedRoute): boolean {
  return permission === 'public' || (permission === 'self.sign-in' && level === 'none')
}

async function statusOf(
  { door }: AccessSystem,
  { method, path }: ListedRoute,
  credentials: Readonly<Record<string, string>>,
): Promise<number> {
  const concrete = filledPath(path, () => NOBODY)
  const headers = { ...credentials, 'content-type': 'application/json', 'user-agent': CHECK_ORIGIN.userAgent }
  const reply = await door.request(concrete, method === 'GET' ? { headers } : { method, headers, body: '{}' })
  await reply.body?.cancel()
  return reply.status
}

/** Asks every route that is not open without credentials and with a key that lacks its permission. */
function look(system: AccessSystem, table: readonly ListedRoute[]): Promise<Observation> {
  const closed = table.filter((one) => one.surface === 'gateway' && !isOpen(one))
  const wish = { workspace: PROBE_WORKSPACE, label: 'Check', scopes: [SCOPE], seconds: KEY_SECONDS } as const
  return withProbe(system, async (person) => {
    const { key } = await system.access.apiKeys.make(checkContext(system), { ...wish, account: person.id })
    const failures: string[] = []
    let unanswered = 0
    const expect = async (one: ListedRoute, credentials: Record<string, string>, wanted: number) => {
      const status = await statusOf(system, one, credentials)
      if (status === 429) unanswered += 1
      else if (status !== wanted) failures.push(`${one.method} ${one.path} answered ${status}, not ${wanted}`)
    }
    for (const one of closed) {
      await expect(one, {}, 401)
      if (one.permission !== SCOPE) await expect(one, { authorization: `Bearer ${key}` }, 403)
    }
    const asked = closed.length * 2 - closed.filter((one) => one.permission === SCOPE).length
    const coverage = asked === 0 ? 0 : (asked - unanswered) / asked
    if (coverage === 0) failures.push('no route could be asked')
    const saw = `${closed.length} routes refused a request without credentials, and an API key without the permission`
    const metrics = { routes: closed.length, open: table.filter(isOpen).length, asked, limited: unanswered }
    return observed(failures, saw, metrics, {
      count: closed.length,
      coverage,
      of: 'routes that are not public',
    })
  })
}

/** Open routes as a table would list them that calls them closed. */
function misdeclared(table: readonly ListedRoute[]): ListedRoute[] {
  return table
    .filter((one) => one.surface === 'gateway' && one.path === '/api/access/me')
    .map((one) => ({ ...one, permission: 'policy.read', level: 'full' }))
}

/** Policy 4.3-a.2. */
export const apiAuthentication: Control<AccessSystem> = control({
  id: 'api-authentication',
  clauses: ['4.3-a.2'],
  reads: [apiKeyLifetime, accessLifetime],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/access/identify.ts',
    'platform/access/roles/roles.ts',
    'platform/access/api-keys/api-keys.ts',
    'platform/access/clients/token-caller.ts',
    'platform/access/clients/provider.ts',
  ],
  looks:
    'Asks every route of the gateway that is not public without credentials, and with an API key that lacks its permission; uses keys that expired, grew too old, were replaced or lost their maker; gets an OAuth 2.0 token and is refused without it, beyond its scope, after giving it back, and by ways that are off.',
  breaks:
    'Adds a route that answers anybody to the table of closed ones, and lets the clock of a twin be late, forgets the scopes of tokens and that one was given back.',
  check: async (system) =>
    bothSeen(
      bothSeen(await look(system, system.routes), await lookAtKeyLife(system, system.door)),
      await lookAtTokens(system),
    ),
  knownBad: async (system) =>
    everyBreakFound({
      'a route open to all': await look(system, misdeclared(system.routes)),
      'a clock that is late': await lookWithLateClock(system),
      ...(await lookAtBrokenTokens(system)),
    }),
})
