import { undone, type Database } from '../../db/index.ts'
import { DAY, MINUTE, secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { newId } from '../../kernel/id.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { recoveryTest, recoveryTime } from '../parameters.ts'
import { POINTS, type DrillPoint } from './points.ts'
import {
  dropDrills,
  firstDrillAt,
  firstSigners,
  gameDays,
  insertDrill,
  insertSignOff,
  newestEnded,
  signOffsOf,
  unloggedSignOffs,
  type DrillRow,
} from './queries.ts'
import type { DrillType } from './drills.ts'
import type { DrillFigures } from './report.ts'

/** What the controls of drills look at. */
export interface DrillSystem {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
}

/** A drill follows every full backup, which is made daily. */
const TIMED_SECONDS_MAX = 8 * DAY
/** How many of the staff sign a game day. */
const SIGNERS_MIN = 2
/** Game days that are looked at. */
const LOOKED_AT = 20

function pointsOf(row: DrillRow): readonly DrillPoint[] {
  // As this program wrote them.
  return (row.points ?? []) as unknown as readonly DrillPoint[]
}

function figuresOf(row: DrillRow): DrillFigures | null {
  return row.figures as unknown as DrillFigures | null
}

function date(moment: Date): string {
  return moment.toISOString().slice(0, 10)
}

/** What keeps a drill from counting: it failed, a point of it did, could not run or is not there. */
function faultsOf(row: DrillRow): string[] {
  const points = pointsOf(row)
  const passed = new Set(points.filter(({ result }) => result === 'passed').map(({ number }) => number))
  const lacking = Object.keys(POINTS).filter((number) => !passed.has(Number(number)))
  if (lacking.length === 0 && row.state === 'passed') return []
  return [
    `the drill of ${date(row.began_at)} did not pass (points ${lacking.join(', ')}): ${(row.says ?? '').slice(0, 300)}`,
  ]
}

/** The newest drill passed, and what it measured, now and in 90 days, is within the recovery time. */
async function timeKept({ clock, policy }: DrillSystem, db: Database): Promise<Observation> {
  const limit = policy.read(recoveryTime)
  const newest = await newestEnded(db)
  const scope = { count: newest === null ? 0 : 1, coverage: 1, of: 'newest drills' }
  const figures = newest === null ? null : figuresOf(newest)
  const [now, later] = [figures?.servingSeconds ?? null, figures?.servingSecondsIn90Days ?? null]
  if (newest === null) return observed(['no recovery was drilled yet'], '', { limitSeconds: limit }, scope)
  const age = secondsBetween(newest.ended_at ?? newest.began_at, clock.now())
  const failures = [
    ...faultsOf(newest),
    ...(now === null || later === null ? ['the newest drill measured no time until serving'] : []),
    ...(now !== null && now > limit ? [`the newest drill served after ${now} s`] : []),
    ...(later !== null && later > limit ? [`in 90 days a recovery would take ${later} s`] : []),
    ...(age > TIMED_SECONDS_MAX ? [`the newest drill is ${Math.floor(age / DAY)} days old`] : []),
  ]
  const says = `on ${date(newest.began_at)} everything was restored and served ${now ?? 0} s after the start; with 90 days more data it would take ${later ?? 0} s`
  const metrics = { limitSeconds: limit, servingSeconds: now ?? -1, in90DaysSeconds: later ?? -1 }
  return observed(failures, says, metrics, scope)
}

interface PlantedDrill {
  readonly at: Date
  readonly reason?: 'full' | 'game-day'
  readonly point?: DrillPoint['result']
  readonly seconds?: number
  readonly later?: number
  readonly signers?: number
  readonly type?: DrillType
  /** Whether those who sign have signed another game day before. */
  readonly known?: boolean
}

/** Somebody who signs more than one. */
function knownSigner(number: number): string {
  return `00000000-0000-7000-8000-00000000000${number}`
}

/** Leaves this drill alone with those before it, inside a transaction that is undone. */
async function plant(tx: Database, clock: Clock, drill: PlantedDrill): Promise<string> {
  const id = newId(clock)
  const { at, point = 'passed', seconds = 60, later = 90 } = drill
  const points = Object.entries(POINTS).map(([number, name]) => {
    const result = number === '5' ? point : 'passed'
    return { number: Number(number), name, result, says: 'a probe', seconds: 1 }
  })
  const figures = {
    servingSeconds: seconds,
    servingSecondsIn90Days: later,
    lostSeconds: 1,
    failoverSeconds: 1,
  }
  await insertDrill(tx, {
    id,
    type: drill.type ?? 'restore',
    reason: drill.reason ?? 'full',
    asked_by_kind: 'system',
    asked_by_id: 'probe',
    backup: null,
    region: null,
    began_at: at,
    ended_at: at,
    state: point === 'passed' ? 'passed' : 'failed',
    says: 'a probe',
    points: JSON.stringify(points),
    figures: JSON.stringify(figures),
  })
  for (let signer = 0; signer < (drill.signers ?? 0); signer++) {
    const account = drill.known === true ? knownSigner(signer) : newId(clock)
    await insertSignOff(tx, { drill: id, account_id: account, signed_at: at, gaps: [], reference: null })
  }
  return id
}

/** What a look says when there are only these drills. */
function among(
  system: DrillSystem,
  look: (system: DrillSystem, db: Database) => Promise<Observation>,
  drills: readonly PlantedDrill[],
): Promise<Observation> {
  return undone(system.db, async (tx) => {
    await dropDrills(tx)
    for (const one of drills) await plant(tx, system.clock, one)
    return look(system, tx)
  })
}

/** Policy 6.2-a: the recovery time is kept, as drills measure it. */
export const recoveryInTime: Control<DrillSystem> = control({
  id: 'recovery-time',
  clauses: ['6.2-a'],
  reads: [recoveryTime],
  everySeconds: 10 * MINUTE,
  enforcedIn: ['platform/recovery/drills', 'platform/recovery/restore'],
  looks:
    'Reads the newest drill: all fourteen points, the time until the restored system served, and that time with the data of 90 days later.',
  breaks:
    'A drill that is too slow, one that will be, one with a failed point, one with a point that could not run and one that is too old must be found.',
  check: (system) => timeKept(system, system.db),
  knownBad: async (system) => {
    const at = system.clock.now()
    const over = system.policy.read(recoveryTime) + 1
    const with_ = (drill: Omit<PlantedDrill, 'at'> & { readonly at?: Date }): Promise<Observation> =>
      among(system, timeKept, [{ at, ...drill }])
    return everyBreakFound({
      'too slow': await with_({ seconds: over }),
      'too slow in 90 days': await with_({ later: over }),
      'a failed point': await with_({ point: 'failed' }),
      'a point that could not run': await with_({ point: 'could-not-run' }),
      'too old': await with_({ at: secondsAfter(at, -TIMED_SECONDS_MAX - DAY) }),
    })
  },
})

/** Whether a game day was signed by enough people, each with an entry of the ledger. */
async function signingFaults(db: Database, day: DrillRow): Promise<string[]> {
  const signed = await signOffsOf(db, [day.id])
  const fresh = day.type === 'people-loss' ? await firstSigners(db, day) : signed.length
  const unlogged = await unloggedSignOffs(db, day.id)
  return [
    ...(signed.length < SIGNERS_MIN
      ? [`the game day of ${date(day.began_at)} was signed by ${signed.length} of ${SIGNERS_MIN} people`]
      : []),
    ...(fresh === 0
      ? [`nobody who signed the game day of ${date(day.began_at)} on lost people was new to it`]
      : []),
    ...(unlogged > 0 ? [`${unlogged} sign-offs of ${date(day.began_at)} have no entry in the ledger`] : []),
  ]
}

/** The newest game day that passed and was signed, and why those after it do not count. */
async function signedDay(
  db: Database,
): Promise<{ readonly day: DrillRow | null; readonly faults: readonly string[] }> {
  const faults: string[] = []
  for (const day of await gameDays(db, LOOKED_AT)) {
    if (day.state === 'running') continue
    const found = day.state === 'passed' ? await signingFaults(db, day) : faultsOf(day)
    if (found.length === 0) return { day, faults }
    faults.push(...found)
  }
  return { day: null, faults }
}

/** A drill passed lately, and people held and signed a game day; before the first interval is over, the drill alone counts. */
async function tested({ clock, policy }: DrillSystem, db: Database): Promise<Observation> {
  const [now, limit] = [clock.now(), policy.read(recoveryTest)]
  const [first, newest, passed] = [
    await firstDrillAt(db),
    await newestEnded(db),
    await newestEnded(db, 'passed'),
  ]
  const { day, faults } = await signedDay(db)
  const scope = {
    count: [newest, day].filter((one) => one !== null).length,
    coverage: 1,
    of: 'newest drills and game days',
  }
  const within = (at: Date | null | undefined): boolean =>
    at instanceof Date && secondsBetween(at, now) <= limit
  const young = within(first)
  const failures = [
    ...(newest === null ? ['no recovery was tested yet'] : faultsOf(newest)),
    ...(newest !== null && !within(passed?.ended_at) ? ['no drill passed within the interval'] : []),
    ...(!young && !within(day?.began_at)
      ? faults.length > 0
        ? faults
        : [
            day === null
              ? 'no game day was held and signed'
              : `the last signed game day was on ${date(day.began_at)}`,
          ]
      : []),
  ]
  const people =
    day !== null && within(day.began_at)
      ? `the game day of ${date(day.began_at)} (${day.type}) was signed by people of the staff`
      : `the first interval since drills began on ${date(first ?? now)} is not over, so that no signed game day is due yet`
  const says = `the drill of ${date(passed?.began_at ?? now)} passed all ${Object.keys(POINTS).length} points; ${people}`
  const metrics = { limitSeconds: limit, firstInterval: young, signedGameDay: day !== null }
  return observed(failures, says, metrics, scope)
}

/** Policy 6.2-c: the recovery is tested, by the program and by people. */
export const recoveryTested: Control<DrillSystem> = control({
  id: 'recovery-tested',
  clauses: ['6.2-c'],
  reads: [recoveryTest],
  everySeconds: 10 * MINUTE,
  enforcedIn: ['platform/recovery/drills'],
  looks:
    'Reads when the last drill passed and when the last game day was held, counts who signed it, and looks for the entry of the ledger of each.',
  breaks:
    'No drill, one with a failed point, one with a point that could not run, one that is too old, a game day that one person signed, one on lost people that nobody new signed, none in an interval and sign-offs without entries of the ledger must be found.',
  decisions: 'Each sign-off of a game day is an entry of the ledger under the person’s name.',
  check: (system) => tested(system, system.db),
  knownBad: async (system) => {
    const now = system.clock.now()
    const long = secondsAfter(now, -system.policy.read(recoveryTest) - DAY)
    const first = { at: long }
    const with_ = (...drills: readonly PlantedDrill[]): Promise<Observation> => among(system, tested, drills)
    return everyBreakFound({
      'no drill': await with_(),
      'a failed point': await with_({ at: now, point: 'failed' }),
      'a point that could not run': await with_({ at: now, point: 'could-not-run' }),
      'too old': await with_(first),
      'signed by one': await with_(first, { at: now, reason: 'game-day', signers: 1 }),
      'no game day': await with_(first, { at: now }),
      'lost people without anybody new': await with_(
        { ...first, reason: 'game-day', signers: SIGNERS_MIN, known: true },
        { at: now, type: 'people-loss', reason: 'game-day', signers: SIGNERS_MIN, known: true },
      ),
      // Probes leave no entries: enough people, and nothing in the ledger.
      'without entries': await with_(first, { at: now, reason: 'game-day', signers: SIGNERS_MIN }),
    })
  },
})

/** The controls of drills. */
export const drillControls: readonly Control<DrillSystem>[] = [recoveryInTime, recoveryTested]
