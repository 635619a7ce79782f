import { readOwnEvents } from '../../audit/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { EventValue } from '../../kernel/event.ts'
import { accessEvents } from '../events.ts'
import type { AccessParts } from '../parts.ts'
import { deviceName } from '../sessions/device-name.ts'
import { requireFull } from './step-up.ts'

/** How many events the account page shows. */
const SHOWN = 50

/** Something that happened to a person's account, as its owner sees it. */
export interface Activity {
  readonly id: string
  readonly at: string
  readonly type: string
  /** In one plain sentence. */
  readonly says: string
  readonly outcome: string
  readonly details: EventValue
  /** From where, and what the device says of itself in words; null when it is not known any more. */
  readonly origin: { readonly ip: string; readonly userAgent: string; readonly says: string } | null
}

/** The newest events of sign-in and security of the caller's own account. */
export async function activityOf(
  parts: Pick<AccessParts, 'db' | 'keys'>,
  context: RequestContext,
): Promise<readonly Activity[]> {
  const catalogue: Readonly<Record<string, { readonly says: string }>> = accessEvents
  const events = await readOwnEvents(parts, requireFull(context).account, SHOWN)
  return events.map(({ id, at, type, outcome, details, origin }) => ({
    id,
    at,
    type,
    says: catalogue[type]?.says ?? type,
    outcome,
    details,
    origin: origin && { ...origin, says: deviceName(origin.userAgent).says },
  }))
}
