import { undone } from '../db/index.ts'
import { HOUR, secondsAfter, secondsBetween } from '../kernel/clock.ts'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { PROVIDER } from './key-parts.ts'
import { rotateDueKeys } from './key-changes.ts'
import type { Keyring } from './keyring/database.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { keysRotation } from './parameters.ts'
import { backdateKey, currentKeys, rootKeysSince } from './keyring/queries.ts'

interface AgedKey {
  readonly name: string
  readonly since: Date
}

/** Every key that encrypts now: each tenant's newest data key, the root key, and keys of other modules. */
async function keysInUse(system: EncryptionSystem, keyring: Keyring): Promise<readonly AgedKey[]> {
  const data = (await currentKeys(keyring)).map((key) => ({
    name: `the data key of ${key.tenant}`,
    since: key.created_at,
  }))
  const mine = system.root.fingerprint
  const roots = (await rootKeysSince(keyring)).filter((root) => root.fingerprint === mine)
  return [
    ...data,
    ...roots.map(({ since }) => ({ name: 'the root key', since })),
    ...(await system.otherKeys()),
  ]
}

/** What the daily rotation, obeying `obeyed`, leaves of a key whose age is `part` of the limit; undone afterwards. */
function rotationOf(
  system: EncryptionSystem,
  part: number,
  obeyed: PolicyReader,
): Promise<{ readonly keys: readonly AgedKey[]; readonly rotated: boolean }> {
  return undone(system.keyring, async (tx) => {
    const limit = system.policy.read(keysRotation)
    await backdateKey(tx, PROVIDER, secondsAfter(system.clock.now(), -limit * part))
    // Tried on one tenant, and without events: nothing of it remains.
    const parts = { ...system, keyring: tx, record: undefined }
    const rotated = await rotateDueKeys(parts, obeyed, (tenant) => tenant === PROVIDER)
    return { keys: await keysInUse(system, tx), rotated: rotated.includes(PROVIDER) }
  })
}

/** The provider's keys exist before a check makes one of them old. */
async function ensureProviderKeys(system: EncryptionSystem): Promise<void> {
  await system.keys.blindIndex(PROVIDER, 'encryption.check', 'probe')
}

function keysAreYoung(
  system: EncryptionSystem,
  keys: readonly AgedKey[],
  rotatesInTime: boolean,
): Observation {
  const limit = system.policy.read(keysRotation)
  const ages = keys.map(({ name, since }) => ({
    name,
    seconds: secondsBetween(since, system.clock.now()),
  }))
  const old = ages.filter((key) => key.seconds > limit)
  const oldestDays = Math.floor(Math.max(0, ...ages.map((key) => key.seconds)) / 86_400)
  const failures = [
    ...old.map((key) => `${key.name} is ${Math.floor(key.seconds / 86_400)} days old`),
    ...(rotatesInTime ? [] : ['a key of nine tenths of the limit was not replaced by the daily rotation']),
  ]
  const says = `${keys.length} keys that encrypt are in use, the oldest for ${oldestDays} days of ${keysRotation.type.show(limit)}, and the daily rotation replaces a key before it is too old`
  return observed(
    failures,
    says,
    { keys: keys.length, oldestDays, limitSeconds: limit },
    { count: keys.length, coverage: 1, of: 'encryption keys' },
  )
}

/** Policy 2.3-a.1: keys are rotated regularly. */
export const keysRotated: Control<EncryptionSystem> = control({
  id: 'keys-rotated',
  clauses: ['2.3-a.1'],
  reads: [keysRotation],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/encryption/jobs.ts', 'platform/encryption/key-changes.ts'],
  looks:
    'Reads the age of every data key in use, of the root key and of the backup key, makes a key old in a transaction that is undone, and looks whether the daily rotation replaces it.',
  breaks: 'A key older than the limit, and a rotation that obeys twice the limit, must be found.',
  check: async (system) => {
    await ensureProviderKeys(system)
    const tried = await rotationOf(system, 0.95, system.policy)
    return keysAreYoung(system, await keysInUse(system, system.keyring), tried.rotated)
  },
  knownBad: async (system) => {
    await ensureProviderKeys(system)
    const limit = system.policy.read(keysRotation)
    const twice = policyWith({ [keysRotation.name]: limit * 2 }, system.policy)
    const late = await rotationOf(system, 0.95, twice)
    const old = await rotationOf(system, 1.01, twice)
    return everyBreakFound({
      'a rotation that obeys twice the limit': keysAreYoung(
        system,
        await keysInUse(system, system.keyring),
        late.rotated,
      ),
      'a key past the limit': keysAreYoung(system, old.keys, true),
    })
  },
})
