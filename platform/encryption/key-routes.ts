import type { SecretWrapper } from '#backup'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { route } from '../kernel/route.ts'
import type { RecordEvent } from './key-parts.ts'
import { rootEscrow } from './keyring-backup/index.ts'

/** Keys at the operator's socket: a copy of the local root key for people who keep it elsewhere. Policy 2.3-b. */
export function keyRoutes(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly record: RecordEvent
  readonly keysFolder: string
  /** Public keys of recovery and escrow. */
  readonly wrapper: () => Promise<SecretWrapper>
}) {
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
  ] as const
}
