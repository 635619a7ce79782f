import type { Database } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import { DAY, HOUR, secondsAfter } from '../../kernel/clock.ts'
import { close, codesSince, conversion, isClosed, type CodesOf } from './sms-queries.ts'

/** A code that is about to be sent: to whom, where and for which customer. */
export interface Sending {
  readonly account: string
  readonly workspace: string | null
  /** What the number is looked up by. */
  readonly number: LookUp
  readonly country: string
  readonly area: string
}

/** Why a code is not sent, in fixed words. */
export type Withheld = 'number' | 'account' | 'area' | 'country' | 'workspace' | 'overall' | 'closed'

/** At most so many codes in so many seconds; nobody but the operator can widen one, and only the last two. */
interface Budget {
  readonly of: Exclude<Withheld, 'closed'>
  readonly seconds: number
  readonly codesMax: number
}

const MINUTES_10 = 600

/** The budgets, with the operator's limit for everything together in an hour. */
export function budgets(codesPerHourMax: number): readonly Budget[] {
  return [
    { of: 'number', seconds: MINUTES_10, codesMax: 3 },
    { of: 'number', seconds: DAY, codesMax: 10 },
    { of: 'account', seconds: MINUTES_10, codesMax: 4 },
    { of: 'account', seconds: DAY, codesMax: 15 },
    { of: 'area', seconds: HOUR, codesMax: Math.ceil(codesPerHourMax / 10) },
    { of: 'country', seconds: HOUR, codesMax: Math.ceil(codesPerHourMax / 2) },
    { of: 'workspace', seconds: HOUR, codesMax: Math.ceil(codesPerHourMax / 3) },
    { of: 'overall', seconds: HOUR, codesMax: codesPerHourMax },
    { of: 'overall', seconds: DAY, codesMax: codesPerHourMax * 4 },
  ]
}

function countedBy(of: Budget['of'], sending: Sending): CodesOf | null {
  const { account, workspace, number, country, area } = sending
  const checks = country === 'check'
  if (of === 'account') return { account_id: account }
  if (checks) return null
  if (of === 'number') return { number_index: number }
  if (of === 'area') return { area }
  if (of === 'country') return { country }
  if (of === 'workspace') return workspace === null ? null : { workspace_id: workspace }
  return {}
}

/** What stands against sending one more code; null when nothing does. The caller holds the lock on sending. Policy 3.1-b. */
export async function withheld(
  db: Database,
  sending: Sending,
  codesPerHourMax: number,
  now: Date,
): Promise<Withheld | null> {
  if (sending.country !== 'check' && (await isClosed(db, [sending.country, OVERALL], now))) return 'closed'
  for (const { of, seconds, codesMax } of budgets(codesPerHourMax)) {
    const counted = countedBy(of, sending)
    if (counted !== null && (await codesSince(db, counted, secondsAfter(now, -seconds))) >= codesMax)
      return of
  }
  return null
}

const OVERALL = 'overall'
/** Of this many codes, too few came back when it is fewer than one in five. */
const BREAKER = { country: 20, overall: 50, backEach: 5 } as const
const CLOSED_SECONDS = HOUR

/** A country, or everything, that was closed now, and what closed it. */
export interface Closure {
  readonly scope: string
  readonly sent: number
  readonly back: number
}

/**
 * Many codes sent and few come back is how pumping looks: the country, or everything, is closed for an hour. Codes that may
 * still come back are not counted. Policy 3.1-b.
 */
export async function closeIfPumped(
  db: Database,
  country: string,
  lifetimeSeconds: number,
  now: Date,
): Promise<readonly Closure[]> {
  if (country === 'check') return []
  const to = secondsAfter(now, -lifetimeSeconds)
  const from = secondsAfter(to, -HOUR)
  const closed: Closure[] = []
  for (const scope of [country, OVERALL]) {
    if (await isClosed(db, [scope], now)) continue
    const sentMin = scope === OVERALL ? BREAKER.overall : BREAKER.country
    const seen = await conversion(db, scope === OVERALL ? null : scope, { from, to })
    if (seen.sent < sentMin || seen.back * BREAKER.backEach >= seen.sent) continue
    await close(db, scope, now, secondsAfter(now, CLOSED_SECONDS))
    closed.push({ scope, ...seen })
  }
  return closed
}
