import type { AuditEvent } from '../../kernel/event.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import type { Keyring } from '../keyring/database.ts'
import { noteSeen, wrappedUnder } from './queries.ts'
import type { KeyRoot, RootHealth } from './root.ts'

/** A look is good for this long; whoever asks more often does not reach the keeper. */
const LOOK_SECONDS = 15

/** Whether the root key answers, as the readiness of the system asks it; at most one look at a time. */
export function rootAnswers(root: KeyRoot, clock: Clock): () => Promise<boolean> {
  let last: { readonly at: Date; readonly health: Promise<RootHealth> } | undefined
  return async () => {
    if (last === undefined || secondsBetween(last.at, clock.now()) >= LOOK_SECONDS)
      last = { at: clock.now(), health: root.health() }
    return (await last.health).state === 'enabled'
  }
}

/** Refuses to start while some live key is wrapped under a root key that no setting names. */
export async function requireRoots(keyring: Keyring, root: KeyRoot): Promise<void> {
  for (const { root: fingerprint, keys } of await wrappedUnder(keyring))
    if (!root.opens(fingerprint))
      throw new Problem(
        'encryption.root-disabled',
        `${keys} keys are wrapped under the root key ${fingerprint.slice(0, 16)}, which no setting names (KEY_ROOT, KEY_ROOT_BEFORE).`,
      )
}

/** Looks at the root key, notes how it is and leaves an event, which also says whether somebody changed who may use it. */
export async function observeRoot(
  { db, keyring, clock, record }: Pick<KeyStoreParts, 'db' | 'keyring' | 'clock' | 'record'>,
  root: KeyRoot,
): Promise<RootHealth> {
  const health = await root.health()
  const { state, policyHash, versions, exportable, audited } = health
  const { fingerprint, provider, id: name } = root
  const before = await noteSeen(
    keyring,
    { fingerprint, provider, name, state, policy_hash: policyHash, versions },
    clock.now(),
  )
  const old = before?.policy_hash ?? null
  const policyChanged = state !== 'unreachable' && old !== null && old !== policyHash
  const event: AuditEvent = {
    type: 'root.observed',
    tenant: null,
    actor: { kind: 'system', id: 'encryption' },
    target: { kind: 'root-key', id: fingerprint },
    outcome: state === 'enabled' ? 'success' : 'failed',
    details: { provider, state, exportable, audited, versions, policyHash, policyChanged },
    request: null,
  }
  await record?.(db, event)
  return health
}
