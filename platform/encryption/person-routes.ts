import type { KeyObject } from 'node:crypto'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import { erasuresAfter, erasuresOf } from './destruction-queries.ts'
import { sealsUntil } from './key-age.ts'
import { PROVIDER, type RecordEvent } from './key-parts.ts'
import type { Keyring } from './keyring/database.ts'
import type { TenantKeys } from './tenant-keys.ts'

/** What the routes of persons' keys need. */
export interface PersonRouteDeps {
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly record: RecordEvent
  readonly policy: PolicyReader
  readonly keys: Pick<TenantKeys, 'releasePersons' | 'forPerson' | 'carryOut'>
  /** Whether this is a workspace that was not removed. */
  readonly tenantIsActive: (id: string) => Promise<boolean>
  /** How long a backup can be restored, in seconds. */
  readonly backupSeconds: () => number
}

const PERSONS_MAX = 200
const ERASURES_MAX = 500
/** Below every id. */
const FIRST = '00000000-0000-0000-0000-000000000000'

/** How a protected service names persons: ids of its own, such as a UUID or a word with a date. */
const person = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
const some = z.array(person).min(1).max(PERSONS_MAX)
const service = { surface: 'service', permission: 'service.protected' } as const
const tenantOnly = z.strictObject({ tenant: uuid })

/** Keys of single persons for the protected service: handed over many at a time, and ended. Policy 2.3-b. */
export function personRoutes(deps: PersonRouteDeps) {
  return [
    releaseRoute(deps),
    route({
      ...service,
      method: 'POST',
      path: '/v1/tenants/:tenant/persons/end',
      event: 'key.destroyed',
      params: tenantOnly,
      body: z.strictObject({ persons: some }),
      handle: ({ params: { tenant }, body, caller, requestId }) => {
        const request = { id: requestId, ip: caller.ip, userAgent: caller.userAgent }
        const user = { actor: { kind: caller.kind, id: caller.id }, request }
        return endKeys(deps, tenant, body.persons, user)
      },
    }),
    route({
      ...service,
      method: 'GET',
      path: '/v1/erasures',
      event: { none: 'tells ids of persons whose data must go' },
      query: z.strictObject({ after: uuid.default(FIRST) }),
      handle: async ({ query }) => {
        const page = { after: query.after, except: PROVIDER, countMax: ERASURES_MAX }
        const found = await erasuresAfter(deps.db, page)
        return {
          erasures: found.map(({ id, tenant, person: who }) => ({ id, tenant, person: who })),
          more: found.length === ERASURES_MAX,
        }
      },
    }),
  ] as const
}

function releaseRoute(deps: PersonRouteDeps) {
  return route({
    ...service,
    method: 'POST',
    path: '/v1/tenants/:tenant/persons/keys',
    event: 'key.released',
    params: tenantOnly,
    body: z.strictObject({ persons: some, make: z.boolean().default(false) }),
    handle: async ({ params: { tenant }, body, caller, requestId }) => {
      if (!(await deps.tenantIsActive(tenant))) throw unknownTenant()
      const request = { id: requestId, ip: caller.ip, userAgent: caller.userAgent }
      const user = { actor: { kind: caller.kind, id: caller.id }, request }
      const { keys, erased } = await deps.keys.releasePersons({ tenant, ...body }, user)
      const released = [...keys].map(([id, { current, currentSince, data }]) => {
        const versions = [...data].map(([version, key]) => [String(version), base64(key)] as const)
        const until = sealsUntil(deps.policy, currentSince).toISOString()
        return [id, { current, sealsUntil: until, data: Object.fromEntries(versions) }] as const
      })
      return { persons: Object.fromEntries(released), erased }
    },
  })
}

/** Ends keys once, however often that is asked for; returns how many ended now. */
async function endKeys(
  deps: PersonRouteDeps,
  tenant: string,
  persons: readonly string[],
  user: Parameters<TenantKeys['release']>[1],
) {
  if (!(await deps.tenantIsActive(tenant))) throw unknownTenant()
  const before = await erasuresOf(deps.db, tenant, persons)
  const left = [...new Set(persons)].filter((one) => !before.has(one))
  await deps.db.transaction().execute(async (tx) => {
    for (const one of left) await deps.keys.forPerson(tenant, one).destroy(tx, user)
  })
  await deps.keys.carryOut()
  return { ended: left.length }
}

function unknownTenant(): Problem {
  return new Problem('resource.unknown', 'There is no such workspace, or it was removed.')
}

/** The only place where key bytes become text: the answer over the private socket. */
export function base64(key: KeyObject): string {
  return key.export().toString('base64')
}
