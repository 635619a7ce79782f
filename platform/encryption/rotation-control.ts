import { randomUUID } from 'node:crypto'
import { undone } from '../db/index.ts'
import { DAY, HOUR, secondsAfter, secondsBetween } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { addVersion, rotateDueKeys } from './key-changes.ts'
import { PROVIDER } from './key-parts.ts'
import type { Keyring } from './keyring/database.ts'
import { backdateKeys, currentKeys } from './keyring/queries.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { keysRotation } from './parameters.ts'
import { leftBehind, tenantKeyClasses, type AgedKey } from './rotation/index.ts'
import { plantSealed } from './rotation/queries.ts'
import { openTenantKeys } from './tenant-keys.ts'

/** Stored values have moved under a new key within so long. */
const MOVED_SECONDS = 7 * DAY

/** Every key that encrypts, wraps or signs now, of every class whose age the policy limits. */
async function keysInUse(system: EncryptionSystem, keyring: Keyring): Promise<readonly AgedKey[]> {
  const classes = tenantKeyClasses({ ...system, keyring }, () => Promise.resolve())
  const held = await Promise.all(classes.filter(({ aged }) => aged).map((one) => one.inUse()))
  return [...held.flat(), ...(await system.otherKeys())]
}

/** What the daily rotation, obeying `obeyed`, leaves of a key whose age is `part` of the limit; undone afterwards. */
function rotationOf(
  system: EncryptionSystem,
  part: number,
  obeyed: PolicyReader,
): Promise<{ readonly keys: readonly AgedKey[]; readonly rotated: boolean }> {
  return undone(system.keyring, async (tx) => {
    const limit = system.policy.read(keysRotation)
    await backdateKeys(tx, PROVIDER, secondsAfter(system.clock.now(), -limit * part))
    // Tried on one tenant, and without events: nothing of it remains.
    const parts = { ...system, keyring: tx, record: undefined }
    const rotated = await rotateDueKeys(parts, obeyed, { only: (tenant) => tenant === PROVIDER })
    return { keys: await keysInUse(system, tx), rotated: rotated.data > 0 }
  })
}

/** The provider's keys exist before a check makes one of them old. */
async function ensureProviderKeys(system: EncryptionSystem): Promise<void> {
  await system.keys.lookUp(PROVIDER, 'encryption.check', 'probe')
}

/** Whether keys that obey this limit, in seconds, refuse to seal with the provider's key. */
async function sealingIsRefused(system: EncryptionSystem, limitSeconds: number): Promise<boolean> {
  const { db, keyring, clock, root, record } = system
  const policy = policyWith({ [keysRotation.name]: limitSeconds }, system.policy)
  const keys = openTenantKeys({ db, keyring, clock, root, governed: { policy, record } })
  return keys.sealText(PROVIDER, { table: 'probe', column: 'probe', row: 'probe' }, 'probe').then(
    () => false,
    (error: unknown) => error instanceof Problem && error.code === 'encryption.key-expired',
  )
}

/** Whether the provider's newest key, taken as past its age, refuses to seal. */
async function expiredIsRefused(system: EncryptionSystem): Promise<boolean> {
  const newest = (await currentKeys(system.keyring, 'data')).find(({ tenant }) => tenant === PROVIDER)
  if (newest === undefined) throw new Error('the provider has no key')
  return sealingIsRefused(system, secondsBetween(newest.created_at, system.clock.now()) - 1)
}

/** How many values a rotation that nobody follows up leaves behind; undone afterwards. */
function leftByNobody(system: EncryptionSystem): Promise<number> {
  return undone(system.db, async (db) => {
    const id = randomUUID()
    const place = { table: 'outbox', column: 'message', row: id }
    const at = system.clock.now()
    await plantSealed(db, { id, at, message: await system.keys.sealText(PROVIDER, place, 'probe') })
    return undone(system.keyring, async (keyring) => {
      const parts = { ...system, keyring, record: undefined }
      const newest = (await currentKeys(keyring, 'data')).find(({ tenant }) => tenant === PROVIDER)
      await addVersion(parts, { tenant: PROVIDER, purpose: 'data', version: (newest?.version ?? 0) + 1 })
      return leftBehind({ db, keyring, clock: system.clock }, -1)
    })
  })
}

interface Seen {
  readonly keys: readonly AgedKey[]
  readonly rotatesInTime: boolean
  readonly expiredRefused: boolean
  readonly left: number
}

function keysAreYoung(system: EncryptionSystem, seen: Seen): Observation {
  const { keys, left } = seen
  const limit = system.policy.read(keysRotation)
  const ages = keys.map(({ name, since }) => ({
    name,
    seconds: secondsBetween(since, system.clock.now()),
  }))
  const old = ages.filter((key) => key.seconds > limit)
  const oldestDays = Math.floor(Math.max(0, ...ages.map((key) => key.seconds)) / 86_400)
  const failures = [
    ...old.map((key) => `${key.name} is ${Math.floor(key.seconds / 86_400)} days old`),
    ...(seen.rotatesInTime
      ? []
      : ['a key of nine tenths of the limit was not replaced by the daily rotation']),
    ...(seen.expiredRefused ? [] : ['a key past the limit still sealed']),
    ...(left > 0 ? [`${left} values are still under keys that were replaced more than a week ago`] : []),
  ]
  const says = `${keys.length} keys that encrypt, wrap or sign are in use, the oldest for ${oldestDays} days of ${keysRotation.type.show(limit)}; the daily rotation replaces a key before it is too old, one that is seals nothing, and stored values follow`
  return observed(
    failures,
    says,
    { keys: keys.length, oldestDays, limitSeconds: limit, valuesLeft: left },
    { count: keys.length, coverage: 1, of: 'keys' },
  )
}

/** Policy 2.3-a.1: keys are rotated regularly. */
export const keysRotated: Control<EncryptionSystem> = control({
  id: 'keys-rotated',
  clauses: ['2.3-a.1'],
  reads: [keysRotation],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/encryption/jobs.ts',
    'platform/encryption/key-changes.ts',
    'platform/encryption/key-age.ts',
    'platform/encryption/rotation',
  ],
  looks:
    'Reads the age of every key in use, of each class, makes one old in a transaction that is undone and looks whether the daily rotation replaces it, tries to seal with a key past its age, and counts values under keys that were replaced more than a week ago.',
  breaks:
    'A key older than the limit, a rotation that obeys twice the limit, a seal that obeys no limit and values that nobody moved must be found.',
  check: async (system) => {
    await ensureProviderKeys(system)
    const tried = await rotationOf(system, 0.95, system.policy)
    return keysAreYoung(system, {
      keys: await keysInUse(system, system.keyring),
      rotatesInTime: tried.rotated,
      expiredRefused: await expiredIsRefused(system),
      left: await leftBehind(system, MOVED_SECONDS),
    })
  },
  knownBad: async (system) => {
    await ensureProviderKeys(system)
    const limit = system.policy.read(keysRotation)
    const twice = policyWith({ [keysRotation.name]: limit * 2 }, system.policy)
    const late = await rotationOf(system, 0.95, twice)
    const old = await rotationOf(system, 1.01, twice)
    const good = {
      keys: await keysInUse(system, system.keyring),
      rotatesInTime: true,
      expiredRefused: true,
      left: 0,
    }
    return everyBreakFound({
      'a rotation that obeys twice the limit': keysAreYoung(system, { ...good, rotatesInTime: late.rotated }),
      'a key past the limit': keysAreYoung(system, { ...good, keys: old.keys }),
      'a seal that obeys no limit': keysAreYoung(system, {
        ...good,
        expiredRefused: await sealingIsRefused(system, Number.MAX_SAFE_INTEGER),
      }),
      'values that nobody moved': keysAreYoung(system, { ...good, left: await leftByNobody(system) }),
    })
  },
})
