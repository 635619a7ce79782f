import { setImmediate as othersFirst } from 'node:timers/promises'
import { unwrapKey, wrapKey } from '#envelope'
import { notify } from '../db/index.ts'
import { secondsAfter } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { labelOf } from './key-label.ts'
import type { KeyStoreParts, KeyUser } from './key-parts.ts'
import { destroyed, freshKey, freshTenantKey, refusing, tenantLabel, type TenantKey } from './key-store.ts'
import { noted } from './key-use.ts'
import { together, type Keyring } from './keyring/database.ts'
import {
  personKeysUnder,
  personVersions,
  replacePersonWrappings,
  type StoredPersonKey,
} from './keyring/person-queries.ts'
import {
  currentKeys,
  destroyTenantKey,
  destroyVersion,
  lockTenantKey,
  replaceWrapping,
  storeKey,
  storeTenantKey,
  tenantRows,
  type KeyName,
  type KeyPurpose,
} from './keyring/queries.ts'
import { keysRotation } from './parameters.ts'
import { eachAlone } from './each-alone.ts'
import { rotatePersons } from './person-rotation.ts'

/** One live version of a tenant's keys. */
export interface LiveVersion {
  readonly purpose: KeyPurpose
  readonly version: number
  readonly fingerprint: string
  readonly createdAt: Date
  /** Whether new values are sealed or indexed with it. */
  readonly current: boolean
}

/** Every live version of a tenant's keys, oldest first. */
export async function liveVersions(keyring: Keyring, tenant: string): Promise<readonly LiveVersion[]> {
  const { keys } = await tenantRows(keyring, tenant)
  const newest = (purpose: KeyPurpose): number =>
    Math.max(...keys.filter((one) => one.purpose === purpose).map((one) => one.version))
  return keys.map(({ purpose, version, fingerprint, created_at }) => ({
    purpose,
    version,
    fingerprint,
    createdAt: created_at,
    current: version === newest(purpose),
  }))
}

/**
 * Makes version `version` of a tenant's keys unless another process did, moves all its keys under a fresh key of the
 * tenant's own, and tells every process.
 */
export async function addVersion(
  parts: KeyStoreParts,
  wanted: { readonly tenant: string; readonly purpose: KeyPurpose; readonly version: number },
  user?: KeyUser,
): Promise<boolean> {
  const { tenant, purpose, version } = wanted
  const { keys } = await tenantRows(parts.keyring, tenant)
  if (keys.some((one) => one.purpose === purpose && one.version >= version)) return false
  const details = { purpose, version }
  const made = await noted(parts, { action: 'rotated', tenant, details, ...(user && { user }) }, () =>
    replaceTenantKey(parts, wanted),
  )
  if (made) await notify(parts.db, 'keys_changed', tenant)
  return made
}

/** The keys under a tenant's own key go under a fresh one, together with the wanted version; all of it or nothing. */
async function replaceTenantKey(
  parts: KeyStoreParts,
  wanted: { readonly tenant: string; readonly purpose: KeyPurpose; readonly version: number },
): Promise<boolean> {
  const { keyring, root, clock } = parts
  const { tenant } = wanted
  const { tenantKey: own } = await tenantRows(keyring, tenant)
  if (own === undefined) throw destroyed()
  const before = {
    version: own.version,
    key: await root.unwrap(tenantLabel(tenant, own.version), own.wrapped),
  }
  const { key, row } = await freshTenantKey(parts, tenant, own.version + 1)
  const change = { tenant, before, after: { version: row.version, key } }
  // Persons are many. Whoever makes a key for one waits while the tenant's own key is held, so that is not done here yet.
  const ahead = await movedPersons(keyring, change)
  return together(keyring, async (tx) => {
    // Another process may have been first; then its version is the one that was asked for.
    if ((await lockTenantKey(tx, tenant, 'to change')) !== before.version) return false
    if (!(await storeKey(tx, freshKey(wanted, before, clock.now())))) return false
    await moveUnder(tx, change, ahead)
    await destroyTenantKey(tx, tenant, before.version, clock.now())
    await storeTenantKey(tx, row)
    return true
  })
}

/** Which key of a tenant's own is replaced by which. */
interface OwnKeyChange {
  readonly tenant: string
  readonly before: TenantKey
  readonly after: TenantKey
}

type MovedPerson = Pick<StoredPersonKey, 'person' | 'version' | 'wrapped'>

/** Persons whose keys are wrapped anew before others get their turn, and stored with one statement. */
const PERSONS_AT_ONCE = 500

function movedWrapping({ before, after }: OwnKeyChange, name: KeyName, wrapped: Buffer): Buffer {
  const label = labelOf(name)
  const key = refusing(() => unwrapKey(before.key, label, wrapped))
  return wrapKey(after.key, label, key)
}

/** Wraps the keys of all persons that are under the former key anew. */
async function movedPersons(keyring: Keyring, change: OwnKeyChange): Promise<readonly MovedPerson[][]> {
  const { tenant, before } = change
  const stored = await personKeysUnder(keyring, tenant, before.version)
  const moved: MovedPerson[][] = []
  for (let from = 0; from < stored.length; from += PERSONS_AT_ONCE) {
    await othersFirst()
    moved.push(
      stored.slice(from, from + PERSONS_AT_ONCE).map(({ person, version, wrapped }) => ({
        person,
        version,
        wrapped: movedWrapping(change, { tenant, person, version }, wrapped),
      })),
    )
  }
  return moved
}

/** Puts every key of a tenant and its persons under its new own key; the keys themselves, and all they sealed, stay as they are. */
async function moveUnder(
  tx: Keyring,
  change: OwnKeyChange,
  ahead: readonly (readonly MovedPerson[])[],
): Promise<void> {
  const { tenant } = change
  const under = change.after.version
  for (const { purpose, version, wrapped } of (await tenantRows(tx, tenant)).keys) {
    const name = { tenant, purpose, version }
    await replaceWrapping(tx, name, { wrapped: movedWrapping(change, name, wrapped), under })
  }
  for (const some of ahead) await replacePersonWrappings(tx, tenant, some, under)
  // Those that were made since.
  for (const some of await movedPersons(tx, change)) await replacePersonWrappings(tx, tenant, some, under)
}

/** A key is replaced at this part of the age that the policy allows, so that a failed run has time to be repeated. */
export const ROTATE_AT = 0.9

/** Who asks for a rotation, and whose keys it is about. */
export interface RotationOf {
  readonly user?: KeyUser
  readonly only?: (tenant: string) => boolean
}

/** Gives the next key of this purpose to every tenant whose newest was made at `cutoff` or before; returns how many. */
export async function rotateOlder(
  parts: KeyStoreParts,
  purpose: KeyPurpose,
  cutoff: Date,
  { user, only = () => true }: RotationOf = {},
): Promise<number> {
  const due = (await currentKeys(parts.keyring, purpose)).filter(
    ({ tenant, created_at }) => created_at <= cutoff && only(tenant),
  )
  return eachAlone(due, async ({ tenant, version }) =>
    (await addVersion(parts, { tenant, purpose, version: version + 1 }, user)) ? 1 : 0,
  )
}

/** How many keys of each kind a rotation replaced. */
export interface Rotated {
  readonly data: number
  readonly index: number
  readonly persons: number
}

/** Replaces every key of tenants and persons that has nine tenths of the allowed age. Policy 2.3-a.1. */
export async function rotateDueKeys(
  parts: KeyStoreParts,
  policy: PolicyReader,
  of: RotationOf = {},
): Promise<Rotated> {
  const cutoff = secondsAfter(parts.clock.now(), -policy.read(keysRotation) * ROTATE_AT)
  const rotated = { data: 0, index: 0, persons: 0 }
  const kinds = {
    data: () => rotateOlder(parts, 'data', cutoff, of),
    index: () => rotateOlder(parts, 'index', cutoff, of),
    persons: () => rotatePersons(parts, cutoff, of),
  }
  await eachAlone(
    ['data', 'index', 'persons'] as const,
    async (kind) => (rotated[kind] = await kinds[kind]()),
  )
  return rotated
}

/** Destroys one version that nothing is made with any more; the newest one is never retired. */
export async function retireVersion(parts: KeyStoreParts, of: KeyName, user?: KeyUser): Promise<boolean> {
  const { tenant, version } = of
  const versions = await versionsOf(parts.keyring, of)
  if (!versions.includes(version)) return false
  if (version === Math.max(...versions))
    throw new Problem(
      'encryption.key-current',
      'The newest version of a key is what new values are sealed with.',
    )
  const about =
    'person' in of
      ? { person: of.person, details: { purpose: 'person', version } }
      : { details: { purpose: of.purpose, version } }
  const done = await noted(parts, { action: 'retired', tenant, ...about, ...(user && { user }) }, () =>
    destroyVersion(parts.keyring, of, parts.clock.now()),
  )
  if (done) await notify(parts.db, 'keys_changed', tenant)
  return done
}

/** The live versions of a key. */
async function versionsOf(keyring: Keyring, of: KeyName): Promise<readonly number[]> {
  const live =
    'person' in of
      ? (await personVersions(keyring, of.tenant, of.person)).filter(({ wrapped }) => wrapped.length > 0)
      : (await tenantRows(keyring, of.tenant)).keys.filter(({ purpose }) => purpose === of.purpose)
  return live.map(({ version }) => version)
}
