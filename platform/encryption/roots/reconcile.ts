import { secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Keyring } from '../keyring/database.ts'
import { KeeperError } from './keeper.ts'
import type { FollowedLog, FollowedLogs, LoggedUse } from './keeper-log.ts'
import {
  firstUse,
  keepStrangers,
  loggedCount,
  noteLogged,
  noteRead,
  noteTold,
  noteUnread,
  readLogOf,
  settleStrangers,
  strangersSince,
  unloggedSince,
  type ReadLog,
  type Stranger,
} from './log-queries.ts'
import { UNANSWERED } from './root.ts'

/** How the uses of root keys that their keepers logged compare with those that are known here. */
export interface RootReconciliation {
  /** Why there is nothing to compare with; null when it was compared. */
  readonly without: string | null
  /** Uses that both know. */
  readonly compared: number
  /** Uses in a keeper's log that nobody here made. */
  readonly unexplained: number
  /** Uses made here that a keeper's log does not have, though it should by now. */
  readonly missing: number
  /** Uses of which it cannot be said yet, because entries come late. */
  readonly notYet: number
  /** What cannot be compared, in sentences. */
  readonly problems: readonly string[]
  /** Up to when all logs were read; null before the first reading. */
  readonly readTo: string | null
}

/** How far back uses are compared. */
const COMPARED_SECONDS = 30 * 86_400
/** How much of a log from before the first reading is read. */
const FIRST_SECONDS = 7 * 86_400
/** The keeper's clock may be ahead or behind by this much. */
const SKEW_SECONDS = 60
/** A drill registers its uses when it ends. */
const SETTLED_SECONDS = 30 * 60
/** For so long an entry that did not come is looked for again. */
const MISSED_SECONDS = 2 * 86_400
/** Logs are read every hour; two that failed are told. */
const UNREAD_SECONDS = 2.5 * 3600
/** Parts that one run reads of a log. */
const PARTS_MAX = 16

/** Reads on in the logs of all keepers, part by part; what cannot be read is noted. Policy 2.3-b. */
export async function readKeeperLogs(
  { keyring, clock }: { readonly keyring: Keyring; readonly clock: Clock },
  logs: readonly FollowedLog[],
): Promise<void> {
  for (const followed of logs) {
    let [ended, parts] = [false, 0]
    while (!ended && parts < PARTS_MAX) {
      ended = await readPart(keyring, followed, clock.now())
      parts += 1
    }
  }
}

/** Reads one part; tells whether there is no more. */
async function readPart(
  keyring: Keyring,
  { named, fingerprint, log }: FollowedLog,
  now: Date,
): Promise<boolean> {
  const before = await readLogOf(keyring, fingerprint)
  const first = latest(
    (await firstUse(keyring, named)) ?? now,
    secondsAfter(now, before === undefined ? -FIRST_SECONDS : -COMPARED_SECONDS),
  )
  const since = secondsAfter(before?.covers_from ?? first, -SKEW_SECONDS)
  const position = before?.position ?? null
  const unlogged = await unloggedSince(keyring, named, secondsAfter(now, -MISSED_SECONDS))
  const missed = unlogged.find(({ request }) => !request.startsWith(UNANSWERED))?.at ?? null
  try {
    const part = await log.read({ position, since, missed, now })
    await keepStrangers(keyring, fingerprint, await noteLogged(keyring, within(part.uses, now)))
    await settleStrangers(keyring, fingerprint)
    await noteRead(keyring, fingerprint, {
      position: part.position,
      covers_from:
        position === null ? latest(first, earliest(part.from, now)) : (before?.covers_from ?? first),
      read_to: earliest(part.to, now),
      read_at: now,
      lost_at: part.lost === null ? (before?.lost_at ?? null) : now,
      problem: part.lost,
    })
    return part.to >= now
  } catch (error) {
    if (!(error instanceof KeeperError)) throw error
    const { detail: problem } = error
    if (before !== undefined) await noteUnread(keyring, fingerprint, problem)
    else await noteRead(keyring, fingerprint, { ...NEVER, covers_from: first, read_to: first, problem })
    return true
  }
}

/** Of a log that could never be read; it begins where it would have begun. */
const NEVER = { position: null, read_at: new Date(0), lost_at: null }

/** A use from the future would be an alarm only then, and one from before time began cannot be kept: neither hides so. */
function within(uses: readonly LoggedUse[], now: Date): readonly LoggedUse[] {
  return uses.map((use) => ({ ...use, at: latest(new Date(0), earliest(use.at, now)) }))
}

function earliest(a: Date, b: Date): Date {
  return a < b ? a : b
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b
}

/** The comparisons of which people must hear: some use is known to one side alone, and no event told it so far. */
export async function newAlarms(
  keyring: Keyring,
  logs: readonly FollowedLog[],
  now: Date,
): Promise<readonly { readonly fingerprint: string; readonly found: Compared }[]> {
  const alarms: { readonly fingerprint: string; readonly found: Compared }[] = []
  for (const followed of logs) {
    const found = await compareLog(keyring, followed, now)
    const { fingerprint } = followed
    const changed = await noteTold(keyring, fingerprint, `${found.unexplained}/${found.missing}`)
    if (changed && found.unexplained + found.missing > 0) alarms.push({ fingerprint, found })
  }
  return alarms
}

/** Compares what was read of all logs with the register, both ways. Policy 2.3-b. */
export async function compareLogs(
  keyring: Keyring,
  { without, logs }: FollowedLogs,
  now: Date,
): Promise<RootReconciliation> {
  const all = await Promise.all(logs.map((followed) => compareLog(keyring, followed, now)))
  const sum = (of: (one: Compared) => number): number => all.reduce((total, one) => total + of(one), 0)
  const times = all.flatMap(({ readTo }) => readTo ?? [])
  return {
    without,
    compared: sum((one) => one.compared),
    unexplained: sum((one) => one.unexplained),
    missing: sum((one) => one.missing),
    notYet: sum((one) => one.notYet),
    problems: all.flatMap(({ problems }) => problems),
    readTo: times.length < all.length ? null : (times.toSorted(byText).at(0) ?? null),
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

type Compared = Omit<RootReconciliation, 'without'>

async function compareLog(
  keyring: Keyring,
  { named, fingerprint, log }: FollowedLog,
  now: Date,
): Promise<Compared> {
  const read = await readLogOf(keyring, fingerprint)
  const from = latest(read?.covers_from ?? now, secondsAfter(now, -COMPARED_SECONDS))
  const strangers = await strangersSince(keyring, fingerprint, from)
  const unlogged = await unloggedSince(keyring, named, from)
  const told = unlogged.filter(({ request }) => !request.startsWith(UNANSWERED))
  const settled = secondsAfter(now, -SETTLED_SECONDS)
  const foreign = withoutUnanswered(strangers, unlogged).filter(({ at }) => at < settled)
  // What was not read yet may be in what was not read.
  const due = secondsAfter(read?.read_to ?? from, -log.delaySeconds)
  const missing = told.filter(({ at }) => secondsAfter(at, SKEW_SECONDS) < due)
  return {
    compared: await loggedCount(keyring, named, from),
    unexplained: foreign.length,
    missing: missing.length,
    notYet: told.length - missing.length,
    problems: problemsOf(read, await firstUse(keyring, named), log.delaySeconds, now),
    readTo: read?.read_to.toISOString() ?? null,
  }
}

function problemsOf(
  read: ReadLog | undefined,
  first: Date | null,
  delaySeconds: number,
  now: Date,
): readonly string[] {
  const last = read === undefined || read.read_at.getTime() === 0 ? first : read.read_at
  const old = last !== null && last < secondsAfter(now, -UNREAD_SECONDS)
  // Whoever fills a log faster than it is read must not hide in what is not read yet.
  const behind = read !== undefined && read.read_to < secondsAfter(now, -UNREAD_SECONDS - delaySeconds)
  const lost = read?.lost_at ?? null
  return [
    ...(old ? ['the log of the keeper of the root key was not read for hours'] : []),
    ...(behind && !old && read.problem === null
      ? [
          `the log of the keeper was read up to ${read.read_to.toISOString()} only: it grows faster than it is read`,
        ]
      : []),
    ...(read !== undefined && read.problem !== null ? [read.problem] : []),
    ...(lost !== null && read?.problem === null && lost > secondsAfter(now, -COMPARED_SECONDS)
      ? [`a part of the log of the keeper was lost before ${lost.toISOString()}`]
      : []),
  ]
}

/** A call that got no answer may have been served all the same: what it was is taken from the entries, one for one. */
function withoutUnanswered(
  strangers: readonly Stranger[],
  unlogged: readonly { readonly request: string; readonly action: string; readonly at: Date }[],
): readonly Stranger[] {
  const open = unlogged.filter(({ request }) => request.startsWith(UNANSWERED))
  return strangers.filter((stranger) => {
    const found = open.findIndex(
      ({ action, at }) =>
        MADE_BY[action]?.includes(stranger.operation.toLowerCase()) === true &&
        Math.abs(stranger.at.getTime() - at.getTime()) <= SKEW_SECONDS * 1000,
    )
    if (found !== -1) open.splice(found, 1)
    return found === -1
  })
}

/** What a keeper may call what was asked for here. */
const MADE_BY: Readonly<Record<string, readonly string[]>> = {
  wrap: ['encrypt'],
  unwrap: ['decrypt'],
  rewrap: ['reencrypt', 'rewrap', 'decrypt', 'encrypt'],
}
