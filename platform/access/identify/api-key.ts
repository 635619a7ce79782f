import type { Caller } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { asSecret, secretHash } from '../../kernel/secret.ts'
import { goodKey, KEY_PREFIX, type ApiKey } from '../api-keys/api-keys.ts'
import { touchKey } from '../api-keys/queries.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { rightsOf } from '../roles/rights.ts'
import { addressPrefix, type Throttle } from '../sign-in/throttle.ts'
import { anonymous, arriving, type Origin } from './origin.ts'

const KEY_SHAPE = new RegExp(`^${KEY_PREFIX}[A-Za-z0-9_-]{43}$`)

/** The bearer as an API key; null for a bearer of another kind. */
export function asApiKey(bearer: string | undefined): ApiKey | null {
  return bearer?.startsWith(KEY_PREFIX) ? asSecret<'API key'>(bearer) : null
}

/** The program whose key this is, with what its maker may do now; nobody when the key is not good. Policy 4.3-a.2. */
export async function identifyKey(
  parts: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit'> & { readonly throttle: Throttle },
  key: ApiKey,
  origin: Origin,
): Promise<Caller> {
  const { db, clock, audit, throttle } = parts
  const context = arriving(origin, clock)
  const now = clock.now()
  const good = KEY_SHAPE.test(key) ? await goodKey(parts, secretHash(key)) : undefined
  if (good === undefined) {
    // A flood of wrong keys is slowed before it can fill the audit log.
    throttle.take(`key ${addressPrefix(origin.ip)}`)
    const refused = eventOf(context, 'api-key.refused', { outcome: 'refused' })
    await db.transaction().execute((tx) => audit.record(tx, refused))
    return anonymous(origin)
  }
  const minuteAgo = secondsAfter(now, -60)
  if (good.lastUsedAt === null || good.lastUsedAt <= minuteAgo)
    await db.transaction().execute(async (tx) => {
      if (!(await touchKey(tx, good.id, now, minuteAgo))) return
      const actor = { kind: 'api-key', id: good.id } as const
      await audit.record(tx, eventOf(context, 'api-key.used', { tenant: good.workspace, actor }))
    })
  return {
    ...anonymous(origin),
    kind: 'api-key',
    id: good.id,
    level: 'full',
    workspaceId: good.workspace,
    permissions: rightsOf(good.holding, clock),
  }
}
