import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { FactorKind } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { z } from '../../kernel/schema.ts'
import { sessionAbsolute, sessionIdle } from '../parameters.ts'
import type { AccessParts } from '../parts.ts'
import { deviceName } from './device-name.ts'
import type { LastSeen } from './last-seen.ts'
import type { Place, PlaceOf } from './place.ts'
import { openSessions } from './queries.ts'
import { isOver } from './session-clock.ts'

/** A session as its owner sees it. Policy 3.4-c. */
export interface SessionFace {
  readonly id: string
  readonly level: string
  readonly device: {
    readonly ip: string
    readonly userAgent: string
    /** Browser and system in words, as far as the user agent says so. */
    readonly says: string
  }
  /** Approximate: the country that the address was given out to. */
  readonly place: Place
  /** What it was proved with, and when a second factor was proved last. */
  readonly factors: readonly FactorKind[]
  readonly provedAt: string | null
  readonly createdAt: string
  readonly lastSeenAt: string
  /** When it ends however much it is used, and when it ends if it is not used any more. Policy 3.4-a. */
  readonly endsAt: string
  readonly endsUnusedAt: string
  readonly current: boolean
}

const deviceSchema = z.object({ ip: z.string(), userAgent: z.string() })

/** Where the sealed device of a session is. */
export function deviceField(id: string): FieldPlace {
  return { table: 'session', column: 'device', row: id }
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys'> & {
  readonly lastSeen: LastSeen
  readonly placeOf: PlaceOf
}

/** The live sessions of an account, newest first; `current` marks the one that asks. Policy 3.4-c. */
export async function listSessions(
  parts: Parts,
  account: string,
  current: string | null,
): Promise<SessionFace[]> {
  const { db, clock, policy, lastSeen } = parts
  const now = clock.now().getTime()
  const rows = (await openSessions(db, account))
    .map((row) => ({ ...row, last_seen_at: new Date(lastSeen.latestMs(row.id, row.last_seen_at)) }))
    .filter((row) => !isOver(policy, row, row.last_seen_at.getTime(), now))
  return Promise.all(rows.map((row) => openFace(parts, row, current)))
}

async function openFace(
  { keys, policy, placeOf }: Parts,
  row: Awaited<ReturnType<typeof openSessions>>[number],
  current: string | null,
): Promise<SessionFace> {
  const sealed = await keys.openText(PROVIDER, deviceField(row.id), row.device)
  const device = deviceSchema.parse(JSON.parse(sealed))
  const endsAt = secondsAfter(row.created_at, policy.read(sessionAbsolute))
  const unused = secondsAfter(row.last_seen_at, policy.read(sessionIdle))
  return {
    id: row.id,
    level: row.level,
    device: { ...device, says: deviceName(device.userAgent).says },
    place: await placeOf(device.ip),
    factors: row.factors as FactorKind[],
    provedAt: row.proved_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    endsAt: endsAt.toISOString(),
    endsUnusedAt: (unused < endsAt ? unused : endsAt).toISOString(),
    current: row.id === current,
  }
}
