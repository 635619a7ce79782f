import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import type { AccessEvent } from '../events.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { addressPrefix, type Throttle } from '../sign-in/throttle.ts'
import { touchUsed } from './queries.ts'

/** What programs come in by: where the last use of it is written, and as which event. */
const USES = {
  'api-key': { table: 'api_key', event: 'api-key.used' },
  directory: { table: 'directory_token', event: 'directory-token.used' },
  client: { table: 'oauth_client', event: 'client.used' },
} as const

/** Records that a program came in, at most once a minute, whichever process it comes to. Policy 8.1-b. */
export async function noteUse(
  { db, clock, audit }: Pick<AccessParts, 'db' | 'clock' | 'audit'>,
  context: RequestContext,
  used: {
    readonly kind: keyof typeof USES
    readonly id: string
    readonly tenant: string | null
    /** As far as it is known; null also for what was never used. */
    readonly lastUsedAt: Date | null
  },
): Promise<void> {
  const { kind, id, tenant, lastUsedAt } = used
  const { table, event } = USES[kind]
  const now = clock.now()
  const writtenBefore = secondsAfter(now, -60)
  if (lastUsedAt !== null && lastUsedAt > writtenBefore) return
  await db.transaction().execute(async (tx) => {
    if (!(await touchUsed(tx, table, id, { now, writtenBefore }))) return
    await audit.record(tx, eventOf(context, event, { tenant, actor: { kind, id } }))
  })
}

/**
 * Records that a program showed something that is not good; a flood of it is slowed before it can fill the audit log.
 * Throws `request.too-many`. Policy 8.1-b.
 */
export async function noteRefusal(
  { db, audit, throttle }: Pick<AccessParts, 'db' | 'audit'> & { readonly throttle: Throttle },
  context: RequestContext,
  what: 'key' | 'directory' | 'token' | 'client' | 'personnel',
  event: AccessEvent,
  more: Pick<NonNullable<Parameters<typeof eventOf>[2]>, 'tenant' | 'target'> = {},
): Promise<void> {
  throttle.take(`${what} ${addressPrefix(context.caller.ip)}`)
  const refused = eventOf(context, event, { ...more, outcome: 'refused' })
  await db.transaction().execute((tx) => audit.record(tx, refused))
}
