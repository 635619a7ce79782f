import { randomUUID } from 'node:crypto'
import { undone } from '../db/index.ts'
import { DAY, HOUR, secondsAfter, secondsBetween } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { addVersion, rotateDueKeys, type Rotated } from './key-changes.ts'
import { PROVIDER } from './key-parts.ts'
import { openTenantKey } from './key-store.ts'
import type { Keyring } from './keyring/database.ts'
import { storePersonKeys } from './keyring/person-queries.ts'
import { backdateKeys, currentKeys } from './keyring/queries.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { keysRotation } from './parameters.ts'
import { freshPersonKey } from './person-keys.ts'
import { leftBehind, tenantKeyClasses, type AgedKey } from './rotation/index.ts'
import { plantLookUp, plantSealed } from './rotation/queries.ts'
import { openTenantKeys, type FieldPlace } from './tenant-keys.ts'

type KeyKind = keyof Rotated
const KINDS: readonly KeyKind[] = ['data', 'index', 'persons']
const KIND_NAMES: Readonly<Record<KeyKind, string>> = {
  data: 'a data key',
  index: 'a look-up key',
  persons: 'a person’s key',
}

const linkField = (row: string): FieldPlace => ({ table: 'link', column: 'email', row })

/** Stored values have moved under a new key within so long. */
const MOVED_SECONDS = 7 * DAY

/** Every key that encrypts, wraps, signs or looks up now, of every class whose age the policy limits. */
async function keysInUse(system: EncryptionSystem, keyring: Keyring): Promise<readonly AgedKey[]> {
  const classes = tenantKeyClasses({ ...system, keyring }, () => Promise.resolve())
  const held = await Promise.all(classes.filter(({ aged }) => aged).map((one) => one.inUse()))
  return [...held.flat(), ...(await system.otherKeys())]
}

/** What the daily rotation, obeying `obeyed`, leaves of keys whose age is `part` of the limit; undone afterwards. */
function rotationOf(
  system: EncryptionSystem,
  part: number,
  obeyed: PolicyReader,
  kinds: readonly KeyKind[] = KINDS,
): Promise<{ readonly keys: readonly AgedKey[]; readonly missed: readonly KeyKind[] }> {
  return undone(system.keyring, async (tx) => {
    const limit = system.policy.read(keysRotation)
    // Somebody who does not exist, so that there is a person's key to be made old.
    await plantPerson(system, tx)
    for (const kind of kinds)
      await backdateKeys(tx, PROVIDER, kind, secondsAfter(system.clock.now(), -limit * part))
    // Tried on one tenant, and without events: nothing of it remains.
    const parts = { ...system, keyring: tx, record: undefined }
    const rotated = await rotateDueKeys(parts, obeyed, { only: (tenant) => tenant === PROVIDER })
    return { keys: await keysInUse(system, tx), missed: kinds.filter((kind) => rotated[kind] === 0) }
  })
}

async function plantPerson(system: EncryptionSystem, tx: Keyring): Promise<void> {
  const own = await openTenantKey({ ...system, keyring: tx, record: undefined }, PROVIDER)
  if (own === null) throw new Error('the provider has no key')
  await storePersonKeys(tx, [
    freshPersonKey(system, own, { tenant: PROVIDER, person: randomUUID(), version: 1 }),
  ])
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

/** How many values and look-up values a rotation that nobody follows up leaves behind; undone afterwards. */
function leftByNobody(system: EncryptionSystem, kind: 'data' | 'index'): Promise<number> {
  return undone(system.db, async (db) => {
    const id = randomUUID()
    const place = { table: 'outbox', column: 'message', row: id }
    const at = system.clock.now()
    await plantSealed(db, { id, at, message: await system.keys.sealText(PROVIDER, place, 'probe') })
    const [index] = await system.keys.lookUp(PROVIDER, 'sms_factor.number', id)
    await plantLookUp(db, {
      id,
      at,
      index,
      email: await system.keys.sealText(PROVIDER, linkField(id), 'probe'),
    })
    return undone(system.keyring, async (keyring) => {
      const parts = { ...system, keyring, record: undefined }
      const newest = (await currentKeys(keyring, kind)).find(({ tenant }) => tenant === PROVIDER)
      await addVersion(parts, { tenant: PROVIDER, purpose: kind, version: (newest?.version ?? 0) + 1 })
      return leftBehind({ ...system, db, keyring }, -1)
    })
  })
}

interface Seen {
  readonly keys: readonly AgedKey[]
  /** Kinds of keys that the daily rotation left as they were. */
  readonly missed: readonly KeyKind[]
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
    ...seen.missed.map(
      (kind) => `${KIND_NAMES[kind]} of nine tenths of the limit was not replaced by the daily rotation`,
    ),
    ...(seen.expiredRefused ? [] : ['a key past the limit still sealed']),
    ...(left > 0 ? [`${left} values are still under keys that were replaced more than a week ago`] : []),
  ]
  const count = keys.reduce((sum, one) => sum + (one.count ?? 1), 0)
  const says = `${count} keys that encrypt, wrap, sign or look up are in use, the oldest for ${oldestDays} days of ${keysRotation.type.show(limit)}; the daily rotation replaces a key before it is too old, one that is seals nothing, and stored values follow`
  return observed(
    failures,
    says,
    { keys: count, oldestDays, limitSeconds: limit, valuesLeft: left },
    { count, coverage: 1, of: 'keys' },
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
    'Reads the age of every key in use, of each class, makes a data key, a look-up key and a person’s key old in a transaction that is undone and looks whether the daily rotation replaces them, tries to seal with a key past its age, and counts values under keys that were replaced more than a week ago.',
  breaks:
    'A data key, a look-up key and a person’s key older than the limit, a rotation that obeys twice the limit, a seal that obeys no limit, and values and look-up values that nobody moved must be found.',
  check: async (system) => {
    await ensureProviderKeys(system)
    const tried = await rotationOf(system, 0.95, system.policy)
    return keysAreYoung(system, {
      keys: await keysInUse(system, system.keyring),
      missed: tried.missed,
      expiredRefused: await expiredIsRefused(system),
      left: await leftBehind(system, MOVED_SECONDS),
    })
  },
  knownBad: async (system) => {
    await ensureProviderKeys(system)
    const limit = system.policy.read(keysRotation)
    const twice = policyWith({ [keysRotation.name]: limit * 2 }, system.policy)
    const keys = await keysInUse(system, system.keyring)
    const seen = (bad: Partial<Seen>): Observation =>
      keysAreYoung(system, { keys, missed: [], expiredRefused: true, left: 0, ...bad })
    const broken: Record<string, Observation> = {}
    for (const kind of KINDS) {
      const late = await rotationOf(system, 0.95, twice, [kind])
      const old = await rotationOf(system, 1.01, twice, [kind])
      broken[`a rotation that obeys twice the limit: ${kind}`] = seen({ missed: late.missed })
      broken[`${KIND_NAMES[kind]} past the limit`] = seen({ keys: old.keys })
    }
    const expiredRefused = await sealingIsRefused(system, Number.MAX_SAFE_INTEGER)
    return everyBreakFound({
      ...broken,
      'a seal that obeys no limit': seen({ expiredRefused }),
      'values that nobody moved': seen({ left: await leftByNobody(system, 'data') }),
      'look-up values that nobody made anew': seen({ left: await leftByNobody(system, 'index') }),
    })
  },
})
