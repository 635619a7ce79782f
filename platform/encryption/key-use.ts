import type { Database } from '../db/index.ts'
import type { AuditEvent, EventValue } from '../kernel/event.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { destructionWaits } from './destruction-queries.ts'
import { PLATFORM, PROVIDER, type KeyStoreParts, type KeyUser } from './key-parts.ts'
import type { KeyAction } from './keyring/queries.ts'
import { intendAccess, markFailed, markUsed, type Access } from './keyring/register-queries.ts'

/** What is about to be done with keys, and who does it. */
export interface KeyUse {
  readonly action: KeyAction
  readonly tenant: string
  readonly person?: string
  readonly user?: KeyUser
  readonly details?: Readonly<Record<string, EventValue>>
}

/** The event of a use; a failed one names the same use again. */
export function useEvent(id: string, use: KeyUse, failed?: string): AuditEvent {
  const { action, tenant, person, user = PLATFORM, details = {} } = use
  return {
    type: failed === undefined ? `key.${action}` : 'key.failed',
    tenant: tenant === PROVIDER ? null : tenant,
    actor: user.actor,
    target: { kind: 'key-access', id },
    outcome: failed === undefined ? 'success' : 'failed',
    details: {
      keysOf: tenant,
      ...(person === undefined ? {} : { person }),
      ...details,
      ...(failed === undefined ? {} : { action, reason: failed }),
    },
    request: user.request,
  }
}

/**
 * Does something with keys after its event was committed: the register in the keyring notes the intention, the audit
 * log keeps the event under the same id, and only then are keys touched. What fails gets a second event. Policy 2.3-b.
 */
export async function noted<Result>(
  parts: KeyStoreParts,
  use: KeyUse,
  work: () => Promise<Result>,
): Promise<Result> {
  const { keyring, clock, record } = parts
  const id = newId(clock)
  const { action, tenant, person = null } = use
  await intendAccess(keyring, { id, at: clock.now(), tenant, person, action })
  await parts.db.transaction().execute(async (tx) => {
    if (await destructionWaits(tx, { tenant, person }))
      throw new Problem('encryption.key-missing', 'The keys of this data are being destroyed.')
    await record?.(tx, useEvent(id, use))
  })
  await markUsed(keyring, id, clock.now())
  try {
    return await work()
  } catch (error) {
    // The failure itself is what the caller must hear of; where it cannot be told, `settleUses` tells it later.
    await Promise.allSettled([
      markFailed(keyring, id, clock.now()),
      Promise.resolve(record?.(parts.db, useEvent(id, use, reasonOf(error)))),
    ])
    throw error
  }
}

/** Why a use came to nothing, in a word that says nothing of keys. */
function reasonOf(error: unknown): string {
  return error instanceof Problem ? error.code : 'error'
}

/** Records that uses came to nothing whose process could not say so any more. */
export async function explainInterrupted(
  db: Database,
  record: KeyStoreParts['record'],
  uses: readonly Access[],
): Promise<void> {
  for (const { id, person, ...use } of uses)
    await record?.(db, useEvent(id, { ...use, ...(person === null ? {} : { person }) }, 'interrupted'))
}
