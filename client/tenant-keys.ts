import { dataKeyring, type DataKeyring, type IndexVersion } from '#envelope'
import { secretKey } from './person-keys.ts'
import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'
import { SuretyError } from './surety-error.ts'

/** A tenant's keys, ready for use; they live in memory only and are never logged. */
export interface ReleasedTenantKeys {
  /** Seals with the current version, opens every version. */
  readonly keyring: DataKeyring
  /** For `versionedIndex` of the envelope engine. */
  readonly indexes: readonly IndexVersion[]
  /** After this moment the current version is past its age and must seal nothing more; it still opens. */
  readonly sealsUntil: Date
}

/** After so long a rotation or destruction is looked for; each look leaves `key.released` in the audit log. */
const FRESH_SECONDS = 900
/** How long known keys stay in use while Surety does not answer; a refusal ends them at once. */
const STALE_SECONDS_MAX = 3600
/** How many tenants' keys are held at once. */
const TENANTS_MAX = 1000

const base64Key = z.base64().length(44)
const keysShape = z.object({
  current: z.int().min(1),
  sealsUntil: z.iso.datetime(),
  data: z.record(z.string().regex(/^[1-9]\d{0,9}$/), base64Key),
  indexes: z
    .array(z.object({ version: z.int().min(1).max(65_535), key: base64Key, writesFrom: z.iso.datetime() }))
    .min(1),
})

interface Held {
  readonly keys: ReleasedTenantKeys
  readonly fetchedAt: Date
}

/** Fetches and holds released keys. Policy 2.3-a.2. */
export function tenantKeyCache(deps: { readonly socket: ServiceSocket; readonly now: () => Date }) {
  const held = new Map<string, Held>()
  const fetching = new Map<string, Promise<ReleasedTenantKeys>>()

  const remember = (tenant: string, keys: ReleasedTenantKeys): void => {
    held.delete(tenant)
    held.set(tenant, { keys, fetchedAt: deps.now() })
    const oldest = held.keys().next()
    if (held.size > TENANTS_MAX && oldest.done === false) held.delete(oldest.value)
  }
  const fetchKeys = (tenant: string): Promise<ReleasedTenantKeys> => {
    const running = fetching.get(tenant)
    if (running !== undefined) return running
    const path = `/v1/tenants/${encodeURIComponent(tenant)}/keys`
    const isLast = (): boolean => fetching.get(tenant) === started
    const started: Promise<ReleasedTenantKeys> = deps.socket
      .call({ method: 'POST', path, body: {} })
      .then((answer) => {
        const keys = readKeys(tenant, answer)
        // Dropped while it was on its way: it is from before.
        if (isLast()) remember(tenant, keys)
        return keys
      })
      .finally(() => {
        if (isLast()) fetching.delete(tenant)
      })
    fetching.set(tenant, started)
    return started
  }

  return {
    get: async (tenant: string): Promise<ReleasedTenantKeys> => {
      const known = held.get(tenant)
      if (known === undefined) return fetchKeys(tenant)
      const ageSeconds = (deps.now().getTime() - known.fetchedAt.getTime()) / 1000
      if (ageSeconds <= FRESH_SECONDS) return known.keys
      try {
        return await fetchKeys(tenant)
      } catch (error) {
        const away =
          error instanceof SuretyError && error.passing && error.problem !== 'encryption.key-missing'
        if (away && ageSeconds <= STALE_SECONDS_MAX) return known.keys
        held.delete(tenant)
        throw error
      }
    },
    /** Drops what is held, so that the next use asks again: after a rotation was noticed or a tenant was removed. */
    forget: (tenant: string): void => {
      held.delete(tenant)
      fetching.delete(tenant)
    },
    clear: (): void => held.clear(),
  }
}

function readKeys(tenant: string, answer: unknown): ReleasedTenantKeys {
  const { current, sealsUntil, data, indexes } = expectShape(keysShape, answer)
  const keys = new Map(Object.entries(data).map(([version, text]) => [Number(version), secretKey(text)]))
  try {
    return {
      keyring: dataKeyring({ tenant, current, keys }),
      indexes: indexes.map(({ version, key, writesFrom }) => ({
        version,
        key: secretKey(key),
        writesFrom: new Date(writesFrom),
      })),
      sealsUntil: new Date(sealsUntil),
    }
  } catch (cause) {
    throw new SuretyError('keys-unusable', { cause })
  }
}
