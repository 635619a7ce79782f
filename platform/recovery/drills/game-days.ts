import { DAY, secondsAfter } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { Problem } from '../../kernel/problem.ts'
import { recoveryTest } from '../parameters.ts'
import { DRILL_TYPES } from '../restore/index.ts'
import { triedBackups } from '../restore/proof-queries.ts'
import type { DrillHouse, DrillReason, DrillType } from './drills.ts'
import { drillById, drilled, firstDrillAt, gameDays, insertSignOff } from './queries.ts'

/** What people may find lacking at a game day, in words of this program. */
export const GAPS = [
  'runbook-unclear',
  'person-missing',
  'access-missing',
  'tool-missing',
  'contact-outdated',
  'key-not-found',
  'too-slow',
  'data-missing',
] as const

/** People have so long to sign before the last game day is too old. */
const SIGNING_SECONDS = 14 * DAY
/** A game day whose drill failed is repeated after so long. */
const AGAIN_SECONDS = DAY
/** A full backup whose drill was broken off is tried so often. */
const TRIES_MAX = 3
/** Game days that are looked at. */
const LOOKED_AT = 40

/** When the next game day is opened: two weeks before the last one that passed is too old, and in the first interval from the first drill on. */
export async function gameDayDueAt({
  db,
  policy,
  clock,
}: Pick<DrillHouse, 'db' | 'policy' | 'clock'>): Promise<Date> {
  const days = await gameDays(db, LOOKED_AT)
  const passed = days.find(({ state }) => state === 'passed')
  const from = passed?.began_at ?? (await firstDrillAt(db)) ?? clock.now()
  const due = secondsAfter(from, policy.read(recoveryTest) - SIGNING_SECONDS)
  const [last] = days
  if (last === undefined || last.state === 'passed') return due
  const again = secondsAfter(last.began_at, AGAIN_SECONDS)
  return again > due ? again : due
}

/** The kind whose turn it is: one that never passed on a game day, else the one that did longest ago. */
export async function nextType({ db }: Pick<DrillHouse, 'db'>): Promise<DrillType> {
  const passed = (await gameDays(db, LOOKED_AT)).filter(({ state }) => state === 'passed')
  const last = (type: DrillType): number => passed.find((day) => day.type === type)?.began_at.getTime() ?? 0
  return DRILL_TYPES.toSorted((a, b) => last(a) - last(b))[0] ?? 'restore'
}

/** What no program can rehearse by itself: somebody has to bring what lies in escrow, or to be new to it. */
const WITH_PEOPLE: readonly DrillType[] = ['key-loss', 'people-loss']

/** The drill whose turn it is: a game day, else one after the newest full backup once its proof ran; null when none is. */
export async function dueDrill(
  house: DrillHouse,
): Promise<{ readonly type: DrillType; readonly reason: DrillReason } | null> {
  const { db, clock } = house
  const full = (await house.list()).findLast(({ kind }) => kind === 'full')
  if (full === undefined) return null
  const type = await nextType(house)
  const due = clock.now() >= (await gameDayDueAt(house))
  if (due && !WITH_PEOPLE.includes(type)) return { type, reason: 'game-day' }
  // The proof of a full backup comes first: both at once would only slow each other down.
  if (!(await triedBackups(db, [full.name])).has(full.name)) return null
  const { ended, tried } = await drilled(db, full.name)
  return ended > 0 || tried >= TRIES_MAX ? null : { type: 'restore', reason: 'full' }
}

/** What somebody signs. */
export interface SignOff {
  readonly drill: string
  readonly account: string
  readonly gaps: readonly (typeof GAPS)[number][]
  readonly reference: string | null
}

/** Signs a game day that passed, once for each person and within the interval, as an entry of the ledger. Policy 6.2-c. */
export async function signGameDay(
  { db, clock, policy, audit }: Pick<DrillHouse, 'db' | 'clock' | 'policy' | 'audit'>,
  { drill, account, gaps, reference }: SignOff,
  actor: Actor,
): Promise<void> {
  const row = await drillById(db, drill)
  if (row === null || row.reason !== 'game-day')
    throw new Problem('resource.unknown', 'There is no such game day.')
  if (row.state !== 'passed')
    throw new Problem('resource.conflict', 'Only a game day whose drill passed can be signed.')
  const now = clock.now()
  if (now > secondsAfter(row.began_at, policy.read(recoveryTest)))
    throw new Problem('resource.conflict', 'This game day is too old to be signed.')
  await db.transaction().execute(async (tx) => {
    const signed = { drill, account_id: account, signed_at: now, gaps: [...new Set(gaps)], reference }
    if (!(await insertSignOff(tx, signed)))
      throw new Problem('resource.conflict', 'You have signed this game day.')
    await audit.record(tx, {
      type: 'drill.signed',
      tenant: null,
      actor,
      target: { kind: 'drill', id: drill },
      outcome: 'success',
      details: { gaps: signed.gaps.join(' '), reference },
      request: null,
    })
  })
}
