import type { Caller } from '../../kernel/caller.ts'
import { asSecret, secretHash } from '../../kernel/secret.ts'
import { goodKey, KEY_PREFIX, type ApiKey } from '../api-keys/api-keys.ts'
import type { AccessParts } from '../parts.ts'
import { rightsOf } from '../roles/rights.ts'
import type { Throttle } from '../sign-in/throttle.ts'
import { anonymous, arriving, type Origin } from './origin.ts'
import { noteRefusal, noteUse } from './program.ts'

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
  const context = arriving(origin, parts.clock)
  const good = KEY_SHAPE.test(key) ? await goodKey(parts, secretHash(key)) : undefined
  if (good === undefined) {
    await noteRefusal(parts, context, 'key', 'api-key.refused')
    return anonymous(origin)
  }
  const { id, workspace: tenant, lastUsedAt } = good
  await noteUse(parts, context, { kind: 'api-key', id, tenant, lastUsedAt })
  return {
    ...anonymous(origin),
    kind: 'api-key',
    id: good.id,
    level: 'full',
    workspaceId: good.workspace,
    permissions: rightsOf(good.holding, parts.clock),
  }
}
