import type { SecretWrapper } from '#backup'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import { lastEscrow } from './key-place-queries.ts'
import type { RecordEvent } from './key-parts.ts'
import { COPY_SECONDS_MAX, rootEscrow, type StoredCopy } from './keyring-backup/index.ts'
import type { Keyring } from './keyring/database.ts'
import type { KeyAction } from './keyring/queries.ts'
import { newestUses } from './keyring/register-queries.ts'

/** What the routes of keys need. */
export interface KeyRouteDeps {
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly record: RecordEvent
  readonly keysFolder: string
  /** Public keys of recovery and escrow. */
  readonly wrapper: () => Promise<SecretWrapper>
  /** Copies of the keyring in every store. */
  readonly copies: () => Promise<readonly StoredCopy[]>
}

const USES_SHOWN = 50
const ACTIONS = [
  'created',
  'opened',
  'rotated',
  'released',
  'retired',
  'destroyed',
] as const satisfies readonly KeyAction[]

/** A copy of the local root key for people who keep it elsewhere, at the operator's socket; who used which keys, for staff. Policy 2.3-b. */
export function keyRoutes(deps: KeyRouteDeps) {
  return [
    route({
      surface: 'operator',
      method: 'POST',
      path: '/keys/escrow',
      permission: 'operator.local',
      event: 'key.escrowed',
      handle: async ({ caller, requestId }) => {
        const wrapper = await deps.wrapper()
        // The event first: what it tells of may then fail, and never the other way round.
        await deps.record(deps.db, {
          type: 'key.escrowed',
          tenant: null,
          actor: { kind: caller.kind, id: caller.id },
          target: null,
          outcome: 'success',
          details: { recipients: wrapper.recipients.length },
          request: { id: requestId, ip: caller.ip, userAgent: caller.userAgent },
        })
        const { sealed, files, recipients } = await rootEscrow(deps.keysFolder, wrapper, deps.clock)
        return { sealed: sealed.toString('base64'), files, recipients }
      },
    }),
    ...staffRoutes(deps),
  ] as const
}

function staffRoutes(deps: KeyRouteDeps) {
  const staff = { method: 'GET', permission: 'recovery.read' } as const
  return [
    route({
      ...staff,
      path: '/api/keys/uses',
      event: { none: 'tells whose keys were used and by whom, and nothing of any key' },
      query: z.strictObject({ before: uuid.optional(), action: z.enum(ACTIONS).optional() }),
      handle: ({ query }) => uses(deps, query),
    }),
    route({
      ...staff,
      path: '/api/keys/copies',
      // It lists every store.
      perMinute: 12,
      event: { none: 'tells when copies of the keyring were made, and nothing of any key' },
      handle: () => copies(deps),
    }),
  ] as const
}

async function uses(
  { db, keyring }: KeyRouteDeps,
  query: { readonly before?: string | undefined; readonly action?: KeyAction | undefined },
) {
  const found = await newestUses(db, keyring, { ...query, most: USES_SHOWN })
  return {
    uses: found.map((one) => ({
      id: one.id,
      at: one.at.toISOString(),
      action: one.action,
      keysOf: one.tenant,
      ofPerson: one.person !== null,
      used: one.used_at !== null,
      failed: one.failed_at !== null,
      by: one.by,
    })),
    next: found.length < USES_SHOWN ? null : (found.at(-1)?.id ?? null),
  }
}

async function copies({ db, copies: list, wrapper }: KeyRouteDeps) {
  const { recipients } = await wrapper()
  return {
    keptSecondsMax: COPY_SECONDS_MAX,
    recipients: recipients.length,
    escrowedAt: (await lastEscrow(db))?.toISOString() ?? null,
    copies: (await list()).map(({ region, at }) => ({ region, at: at.toISOString() })),
  }
}
