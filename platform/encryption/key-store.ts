import type { KeyObject } from 'node:crypto'
import { EnvelopeError, generateDataKey, keyFingerprint, unwrapKey, wrapKey } from '#envelope'
import { notify, type Database } from '../db/index.ts'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { Actor, AuditEvent } from '../kernel/event.ts'
import { newId } from '../kernel/id.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { keysRotation } from './parameters.ts'
import {
  currentKeys,
  destroyKeys,
  insertAccess,
  keyVersions,
  storeKey,
  type KeyAction,
  type KeyPurpose,
} from './queries.ts'

/** The tenant that the provider's own data belongs to; workspaces are tenants by their id. */
export const PROVIDER = 'provider'

/** Writes an audit event in the caller's transaction. */
export type RecordEvent = (db: Database, event: AuditEvent) => Promise<void>

/** Who uses keys: the platform itself unless told. */
export interface KeyUser {
  readonly actor: Actor
  readonly request: AuditEvent['request']
}

/** What the key store works with; without `record` no event is left, which the check of 2.3-b finds. */
export interface KeyStoreParts {
  readonly clock: Clock
  readonly root: KeyObject
  readonly record: RecordEvent | undefined
}

/** A tenant's keys in the clear; handed to the protected service alone, never logged. */
export interface ReleasedKeys {
  readonly current: number
  readonly data: ReadonlyMap<number, KeyObject>
  readonly index: KeyObject
}

/** The platform as the user of keys. */
export const PLATFORM: KeyUser = { actor: { kind: 'system', id: 'encryption' }, request: null }

/** Notes a use of keys in the register and in the audit log, both in the caller's transaction. Policy 2.3-b. */
export async function noteAccess(
  within: Database,
  { clock, record }: KeyStoreParts,
  action: KeyAction,
  tenant: string,
  { user = PLATFORM, version }: { readonly user?: KeyUser; readonly version?: number } = {},
): Promise<void> {
  const id = newId(clock)
  await insertAccess(within, { id, at: clock.now(), tenant, action })
  await record?.(within, {
    type: `key.${action}`,
    tenant: tenant === PROVIDER ? null : tenant,
    actor: user.actor,
    target: { kind: 'key-access', id },
    outcome: 'success',
    details: { keysOf: tenant, ...(version === undefined ? {} : { version }) },
    request: user.request,
  })
}

/** Unwraps a tenant's keys, made when it has none; throws `encryption.key-missing` once they were destroyed. */
export async function openKeys(db: Database, parts: KeyStoreParts, tenant: string): Promise<ReleasedKeys> {
  const stored = await db.transaction().execute(async (tx) => {
    const data = await liveVersions(tx, parts, tenant, 'data')
    const index = await liveVersions(tx, parts, tenant, 'index')
    await noteAccess(tx, parts, 'opened', tenant)
    return { data, index }
  })
  const data = unwrapAll(parts.root, tenant, 'data', stored.data)
  const [index] = unwrapAll(parts.root, tenant, 'index', stored.index).values()
  if (index === undefined) throw new Error('a tenant has no index key')
  return { current: Math.max(...data.keys()), data, index }
}

type Versions = Awaited<ReturnType<typeof keyVersions>>

async function liveVersions(
  tx: Database,
  parts: KeyStoreParts,
  tenant: string,
  purpose: KeyPurpose,
): Promise<Versions> {
  let stored = await keyVersions(tx, tenant, purpose)
  if (stored.length === 0) {
    const made = await makeKey(tx, parts, { tenant, purpose, version: 1 })
    if (made && purpose === 'data') await noteAccess(tx, parts, 'created', tenant, { version: 1 })
    stored = await keyVersions(tx, tenant, purpose)
  }
  const live = stored.filter((key) => key.wrapped.length > 0)
  if (live.length === 0) throw new Problem('encryption.key-missing', 'The keys of this data were destroyed.')
  return live
}

function unwrapAll(
  root: KeyObject,
  tenant: string,
  purpose: KeyPurpose,
  stored: Versions,
): Map<number, KeyObject> {
  return new Map(
    stored.map(({ version, wrapped }) => [
      version,
      refusing(() => unwrapKey(root, { tenant, purpose, version }, wrapped)),
    ]),
  )
}

async function makeKey(
  db: Database,
  { clock, root }: KeyStoreParts,
  label: { readonly tenant: string; readonly purpose: KeyPurpose; readonly version: number },
): Promise<boolean> {
  return storeKey(db, {
    ...label,
    wrapped: wrapKey(root, label, generateDataKey()),
    root_fingerprint: keyFingerprint(root),
    created_at: clock.now(),
  })
}

/** Makes data key version `version` unless another process did, and tells every process at commit. */
export async function addVersion(
  within: Database,
  parts: KeyStoreParts,
  tenant: string,
  version: number,
): Promise<boolean> {
  const made = await makeKey(within, parts, { tenant, purpose: 'data', version })
  if (!made) return false
  await noteAccess(within, parts, 'rotated', tenant, { version })
  await notify(within, 'keys_changed', tenant)
  return true
}

/** A key is replaced at this part of the age that the policy allows, so that a failed run has time to be repeated. */
const ROTATE_AT = 0.9

/** Gives the next data key to every tenant whose current one has nine tenths of the allowed age; returns those tenants. Policy 2.3-a.1. */
export async function rotateDueKeys(
  within: Database,
  parts: KeyStoreParts,
  policy: PolicyReader,
): Promise<readonly string[]> {
  const cutoff = secondsAfter(parts.clock.now(), -policy.read(keysRotation) * ROTATE_AT)
  const rotated: string[] = []
  for (const key of await currentKeys(within)) {
    if (key.created_at > cutoff) continue
    if (await addVersion(within, parts, key.tenant, key.version + 1)) rotated.push(key.tenant)
  }
  return rotated
}

/** Destroys every key of a tenant in the caller's transaction. */
export async function destroyAll(within: Database, parts: KeyStoreParts, tenant: string): Promise<void> {
  if ((await destroyKeys(within, tenant, parts.clock.now())) === 0) return
  await noteAccess(within, parts, 'destroyed', tenant)
  await notify(within, 'keys_changed', tenant)
}

/** Runs `open`, turning a refusal of the engine into the one that clients know. */
export function refusing<Result>(open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    throw unreadable(error)
  }
}

/** A refusal of the engine as `encryption.unreadable`; any other error as it is. */
export function unreadable(error: unknown): unknown {
  if (!(error instanceof EnvelopeError)) return error
  return new Problem('encryption.unreadable', 'The stored data could not be authenticated.', {
    cause: error,
  })
}
