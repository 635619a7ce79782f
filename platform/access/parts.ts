import type { Audit } from '../audit/index.ts'
import type { Database, NoticeBoard } from '../db/index.ts'
import type { TenantKeys } from '../encryption/index.ts'
import type { Caller, RequestContext } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Actor, AuditEvent } from '../kernel/event.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { Post } from '../post/index.ts'
import type { AccessEvent } from './events.ts'
import type { KeyMakes } from './factors/webauthn/ceremony.ts'
import type { Breaches } from './passwords/breaches.ts'
import type { PasswordHasher } from './passwords/password-hasher.ts'
import type { Rechecks } from './passwords/rechecks.ts'

/** What the rooms of this module are built from; each takes the slice it needs. */
export interface AccessParts {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly keys: Pick<TenantKeys, 'sealText' | 'openText' | 'lookUp' | 'destroy' | 'forPerson'>
  readonly audit: Pick<Audit, 'record'>
  readonly hasher: PasswordHasher
  readonly breaches: Breaches
  /** Passwords that the service for breached ones is still to be asked about. */
  readonly rechecks: Rechecks
  /** Whether identity providers of workspaces may be on private addresses and without TLS; in tests and closed networks. */
  readonly privateIssuers: boolean
  /** Letters and text messages to people. */
  readonly post: Post
  /** What this process hears of changes; without it nothing is kept in memory that they could make worthless. */
  readonly notices?: NoticeBoard
  /** Where text messages may go, and how many codes in an hour at most. */
  readonly sms: { readonly countries: readonly string[]; readonly codesPerHourMax: number }
  /** Which makes of security key may be set up; any when left out. */
  readonly keyMakes?: KeyMakes | undefined
  /** Where the security contact reads letters; null when none is configured or it is no mailbox. */
  readonly securityMailbox?: string | null
  /** Address that people open, without a trailing slash; one-time links start with it. */
  readonly origin: string
}

/** Who acts, as the audit log names them. */
function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.id }
}

/** An audit event about this request; what is not given is the ordinary case. */
export function eventOf(
  context: RequestContext,
  type: AccessEvent,
  more: Partial<Omit<AuditEvent, 'type' | 'request'>> = {},
): AuditEvent {
  const { caller } = context
  const { elevations = [] } = caller
  const { details = {} } = more
  return {
    type,
    tenant: caller.workspaceId,
    actor: actorOf(caller),
    target: null,
    outcome: 'success',
    request: { id: context.requestId, ip: caller.ip, userAgent: caller.userAgent },
    ...more,
    // Policy 3.2-d: what is done while elevated names the elevation.
    details: elevations.length === 0 ? details : { ...details, elevations },
  }
}
