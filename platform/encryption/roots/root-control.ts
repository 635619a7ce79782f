import { generateDataKey } from '#envelope'
import { undone } from '../../db/index.ts'
import { HOUR, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { PROVIDER } from '../key-parts.ts'
import type { Keyring } from '../keyring/database.ts'
import { keysRoot } from '../parameters.ts'
import type { TenantKeys } from '../tenant-keys.ts'
import { localRoot } from './local-root.ts'
import { misplaceKey, wrappedUnder } from './queries.ts'
import type { KeyRoot, RootProvider } from './root.ts'

/** The root key as the control of clause 2.2-d observes it. */
export interface RootSystem {
  readonly keyring: Keyring
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly keys: Pick<TenantKeys, 'lookUp'>
  readonly root: KeyRoot
}

/** What the policy calls each keeper; null: no policy may name it. */
const KEEPERS = {
  'local-file': null,
  'aws-kms': 'AWS KMS',
  vault: 'HashiCorp Vault',
  pkcs11: 'hardware security modules',
} as const satisfies Record<RootProvider, string | null>

/** Whether the policy in force lets this keeper have the root key. Policy 2.2-d. */
export function mayKeep(policy: PolicyReader, provider: RootProvider): boolean {
  const named = KEEPERS[provider]
  return named !== null && policy.read(keysRoot).includes(named)
}

const PROBE = { tenant: 'probe', purpose: 'root-check', version: 1 } as const

/** What a probe found wrong: a key goes to the keeper and back, and does not come back under another name. */
async function probeFailures(root: KeyRoot): Promise<string[]> {
  try {
    const key = generateDataKey()
    const wrapped = await root.wrap(PROBE, key)
    const back = await root.unwrap(PROBE, wrapped)
    const other = await root.unwrap({ ...PROBE, tenant: 'another' }, wrapped).catch((error: unknown) => error)
    return [
      ...(back.equals(key) ? [] : ['a key came back from the keeper as another one']),
      ...(wrapped.includes(key.export()) ? ['a wrapped key shows itself'] : []),
      ...(other instanceof Problem && other.code === 'encryption.unreadable'
        ? []
        : ['a wrapped key opened under the name of another tenant']),
    ]
  } catch (error) {
    if (error instanceof Problem) return [`a key could not be wrapped and unwrapped: ${error.detail}`]
    throw error
  }
}

async function keysAreKept({ policy, root }: RootSystem, keyring: Keyring): Promise<Observation> {
  const named = keysRoot.type.show(policy.read(keysRoot))
  const health = await root.health()
  const under = await wrappedUnder(keyring)
  const keys = under.reduce((sum, one) => sum + one.keys, 0)
  const mine = under.filter((one) => one.root === root.fingerprint).reduce((sum, one) => sum + one.keys, 0)
  const keeper = KEEPERS[root.provider]
  const failures = [
    ...(mayKeep(policy, root.provider)
      ? []
      : [
          keeper === null
            ? `the root key is kept in a local file, which stands in for ${named}`
            : `the root key is kept in ${keeper}, not in ${named}`,
        ]),
    ...(health.problem === null ? [] : [health.problem]),
    // A local file can always leave, which the first sentence says.
    ...(health.exportable && keeper !== null ? ['the root key can leave its keeper in the clear'] : []),
    ...(health.audited === false ? ['the keeper logs no use of it'] : []),
    ...(mine < keys ? [`${keys - mine} of ${keys} keys are wrapped under another root key`] : []),
    ...(health.state === 'enabled' ? await probeFailures(root) : []),
  ]
  const says = [
    `${keeper ?? 'A local file'} keeps the root key, which cannot leave it; ${keys} keys are wrapped under it and none in another way, a probe went there and back and did not open under another name`,
    ...health.notes,
  ].join('. ')
  return observed(
    failures,
    says,
    {
      keys,
      elsewhere: keys - mine,
      exportable: health.exportable,
      state: health.state,
      millis: health.millis,
    },
    { count: keys, coverage: 1, of: 'keys of tenants' },
  )
}

/** Policy 2.2-d: keys are themselves encrypted, under a root key that its keeper does not let out. */
export const rootKept: Control<RootSystem> = control({
  id: 'root-kept',
  clauses: ['2.2-d'],
  reads: [keysRoot],
  everySeconds: HOUR,
  enforcedIn: ['platform/encryption/roots', 'platform/encryption/key-store.ts'],
  looks:
    'Asks the keeper of the root key for its state, whether it can be exported and who may use it, sends a probe there and back, and counts the keys that are wrapped under it.',
  breaks:
    'A root key in a local file, one that can be exported, one that is disabled, one whose uses nobody logs, a keeper that ignores names, and a key wrapped under another root must be found.',
  check: async (system) => {
    await system.keys.lookUp(PROVIDER, 'encryption.check', 'probe')
    return keysAreKept(system, system.keyring)
  },
  knownBad: async (system) => {
    await system.keys.lookUp(PROVIDER, 'encryption.check', 'probe')
    const { root, keyring } = system
    const twin = (over: Partial<KeyRoot>): Promise<Observation> =>
      keysAreKept({ ...system, root: twinOf(root, over) }, keyring)
    const health = await root.health()
    const misplaced = await undone(keyring, async (tx) => {
      await misplaceKey(tx, PROVIDER, '0'.repeat(64))
      return keysAreKept(system, tx)
    })
    return everyBreakFound({
      'a root key in a local file': await keysAreKept(
        { ...system, root: localRoot(generateDataKey()) },
        keyring,
      ),
      'a root key that can be exported': await twin({
        health: async () => ({ ...health, exportable: true }),
      }),
      'a disabled root key': await twin({
        health: async () => ({ ...health, state: 'disabled', problem: 'it is disabled' }),
      }),
      'a keeper without a log': await twin({ health: async () => ({ ...health, audited: false }) }),
      'a keeper that ignores names': await twin({
        unwrap: (_, wrapped) => root.unwrap(PROBE, wrapped),
      }),
      'a key under another root': misplaced,
    })
  },
})

/** The same root key with something broken; its getters are read once. */
function twinOf(root: KeyRoot, over: Partial<KeyRoot>): KeyRoot {
  const { provider, id, fingerprint } = root
  return { ...root, provider, id, fingerprint, ...over }
}
