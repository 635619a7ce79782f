import { setTimeout as pause } from 'node:timers/promises'
import { openNoticeBoard, type NoticeBoard } from '../../db/index.ts'
import { HOUR, secondsAfter } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { z } from '../../kernel/schema.ts'
import type { PreparedSession } from '../sessions/sessions.ts'
import type { Door } from '../direct-door.ts'
import { sessionAbsolute, sessionIdle } from '../parameters.ts'
import { openSessions } from '../sessions/queries.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import {
  askWith,
  checkContext,
  contextOfToken,
  enrolProbe,
  withProbe,
  type ProbePerson,
} from './probe-person.ts'
import { ageSession, PROBE_WORKSPACE, reviveSession } from './queries.ts'

const PATH = '/api/access/sessions'
/** How long a request of a check may take before a session that is nearly over has ended by itself. */
const MARGIN_SECONDS = 30

/** A full session of the probe person that looks so many seconds old and so long unused. */
async function agedSession(
  { access, parts }: AccessSystem,
  context: ReturnType<typeof checkContext>,
  person: ProbePerson,
  ages: { readonly unused: number; readonly old: number },
): Promise<PreparedSession> {
  const session = await access.sessions.prepare(context.caller, person.id)
  await session.store(parts.db, 'full', PROBE_WORKSPACE, ['password', 'totp'])
  const now = parts.clock.now()
  await ageSession(parts.db, session.id, {
    created_at: secondsAfter(now, -ages.old),
    last_seen_at: secondsAfter(now, -ages.unused),
  })
  return session
}

/** Sessions just inside and just at each limit, offered at the door. */
function lookAtExpiry(system: AccessSystem, door: Door): Promise<Observation> {
  const { policy } = system.parts
  const idle = policy.read(sessionIdle)
  const absolute = policy.read(sessionAbsolute)
  const cases = [
    { unused: idle - MARGIN_SECONDS, old: idle, alive: true },
    { unused: idle, old: idle, alive: false },
    { unused: 0, old: absolute - MARGIN_SECONDS, alive: true },
    { unused: 0, old: absolute, alive: false },
  ]
  return withProbe(system, async (person) => {
    await enrolProbe(system, person)
    const failures: string[] = []
    for (const { alive, ...ages } of cases) {
      const { token } = await agedSession(system, checkContext(system), person, ages)
      const { status } = await askWith(door, token, PATH)
      if (status !== (alive ? 200 : 401))
        failures.push(
          `a session unused for ${ages.unused} s and ${ages.old} s old was answered with ${status}`,
        )
    }
    const rememberedMs = await rememberedPast(system, door, person, absolute)
    if (rememberedMs === Infinity)
      failures.push(`a session in use, ${absolute} s after sign-in, was still served a second later`)
    const saw = `sessions ${MARGIN_SECONDS} seconds inside the limits were served, at ${sessionIdle.type.show(idle)} without use and ${sessionAbsolute.type.show(absolute)} after sign-in they were refused, one in use as well`
    const metrics = { idle, absolute, refusedInUseMs: milliseconds(rememberedMs) }
    return observed(failures, saw, metrics, { count: cases.length + 1, coverage: 1, of: 'sessions' })
  })
}

/** Milliseconds until a door that has just served a session, and may remember it, refuses it past its age. */
async function rememberedPast(
  system: AccessSystem,
  door: Door,
  person: ProbePerson,
  absolute: number,
): Promise<number> {
  const { parts } = system
  const session = await agedSession(system, checkContext(system), person, { unused: 0, old: 0 })
  if ((await askWith(door, session.token, PATH)).status !== 200) return Infinity
  const now = parts.clock.now()
  await ageSession(parts.db, session.id, { created_at: secondsAfter(now, -absolute), last_seen_at: now })
  return refusedAfterMs(async () => (await askWith(door, session.token, PATH)).status === 401)
}

/** Longest time that a revocation may take to reach every process. */
const EVERYWHERE_MS_MAX = 1000

/** Milliseconds until something is refused; infinite when a second is not enough. */
async function refusedAfterMs(isRefused: () => Promise<boolean>): Promise<number> {
  const began = performance.now()
  do {
    if (await isRefused()) return performance.now() - began
    await pause(5)
  } while (performance.now() - began < EVERYWHERE_MS_MAX)
  return Infinity
}

function milliseconds(ms: number): number | string {
  return ms === Infinity ? `more than ${EVERYWHERE_MS_MAX}` : Math.round(ms)
}

/** A board on which nobody ever writes, and that claims to have missed nothing. */
function deafBoard(): NoticeBoard {
  const board = openNoticeBoard()
  board.confirmed(Infinity)
  return board
}

/** Policy 3.4-a. */
export const sessionsExpire: Control<AccessSystem> = control({
  id: 'session-expiry',
  clauses: ['3.4-a'],
  reads: [sessionIdle, sessionAbsolute],
  everySeconds: QUARTER_HOUR,
  enforcedIn: ['platform/access/sessions/session-clock.ts', 'platform/access/sessions/last-seen.ts'],
  looks:
    'Makes sessions of a probe account look as old and as long unused as the limits, one of them while it is in use, and offers them at the gateway.',
  breaks: 'Offers the same to twins whose limits are ten minutes longer, and to one that hears of no change.',
  check: (system) => lookAtExpiry(system, system.door),
  knownBad: async (system) => {
    const { policy } = system.parts
    const longer = (of: typeof sessionIdle) => policyWith({ [of.name]: policy.read(of) + 600 }, policy)
    const at = (of: typeof sessionIdle): Promise<Observation> =>
      withTwin(system, { policy: longer(of) }, (_, door) => lookAtExpiry(system, door))
    return everyBreakFound({
      'a longer time without use': await at(sessionIdle),
      'a longer time after sign-in': await at(sessionAbsolute),
      'a memory that hears of no change': await withTwin(system, { notices: deafBoard() }, (_, door) =>
        lookAtExpiry(system, door),
      ),
    })
  },
})

/**
 * Signs a probe session out at the gateway and offers it again, there and to a twin that stands for another process and
 * has it in memory; `afterwards` may break things.
 */
function lookAtSignOut(
  system: AccessSystem,
  afterwards: (session: string) => Promise<void>,
  notices: Partial<Pick<AccessSystem['parts'], 'notices'>> = {},
): Promise<Observation> {
  return withTwin(system, notices, (twin) =>
    withProbe(system, async (person) => {
      const { token, sessionId } = await enrolProbe(system, person)
      const isRefusedThere = async (): Promise<boolean> =>
        (await contextOfToken(system, token, twin)).caller.kind === 'anonymous'
      const servedThere = !(await isRefusedThere()) && !(await isRefusedThere())
      const before = (await askWith(system.door, token, PATH)).status
      const out = (await askWith(system.door, token, '/api/access/sign-out', 'POST')).status
      const ended = performance.now()
      await afterwards(sessionId)
      const after = (await askWith(system.door, token, PATH)).status
      const refusedMs = Math.round(performance.now() - ended)
      const elsewhereMs = await refusedAfterMs(isRefusedThere)
      const good = servedThere && before === 200 && out === 200 && after === 401
      const failures = good ? [] : [`before ${before}, sign-out ${out}, afterwards ${after}`]
      if (elsewhereMs === Infinity) failures.push('another process still served it a second later')
      const saw = `a session that worked was refused ${refusedMs} ms after its owner signed out, and in another process after ${milliseconds(elsewhereMs)} ms`
      const noticeMs = Math.round(Math.max(0, ...system.access.sessions.noticeMs()))
      const metrics = {
        refusedAfterMs: refusedMs,
        elsewhereAfterMs: milliseconds(elsewhereMs),
        slowestNoticeMs: noticeMs,
      }
      return observed(failures, saw, metrics, { count: 2, coverage: 1, of: 'sessions' })
    }),
  )
}

/** Policy 3.4-b. */
export const signOutEnds: Control<AccessSystem> = control({
  id: 'sign-out-ends-session',
  clauses: ['3.4-b'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/access/sessions/sessions.ts',
    'platform/access/sessions/identity-cache.ts',
    'platform/access/access.ts',
  ],
  looks:
    'Signs a probe session out at the gateway and offers its cookie again, there and to a twin that stands for another process and has the session in memory.',
  breaks:
    'Takes the end of the session back in the database before it is offered again; and lets the twin hear of no revocation.',
  check: (system) => lookAtSignOut(system, async () => {}),
  knownBad: async (system) =>
    everyBreakFound({
      'an end that is taken back': await lookAtSignOut(system, (id) => reviveSession(system.parts.db, id)),
      'a memory that hears of no revocation': await lookAtSignOut(system, async () => {}, {
        notices: deafBoard(),
      }),
    }),
})

const listed = z.object({ sessions: z.array(z.object({ id: z.string(), current: z.boolean() })) })

/** Compares what the list shows with what is stored, then revokes one session and tries all three. */
function lookAtList(system: AccessSystem, door: Door): Promise<Observation> {
  const { db } = system.parts
  return withProbe(system, async (person) => {
    const own = await enrolProbe(system, person)
    const fresh = { unused: 0, old: 0 }
    const second = await agedSession(system, checkContext(system), person, fresh)
    const third = await agedSession(system, checkContext(system), person, fresh)
    const shown = listed.parse(await (await askWith(door, own.token, PATH)).json()).sessions
    const stored = (await openSessions(db, person.id)).map((row) => row.id)
    const ids = shown.map((one) => one.id)
    const missing = stored.filter((id) => !ids.includes(id))
    const failures =
      missing.length > 0 || ids.length !== stored.length
        ? [`${stored.length} sessions exist, ${ids.length} are shown`]
        : []
    const revoked = await askWith(door, own.token, `${PATH}/${third.id}/revoke`, 'POST')
    if (revoked.status !== 200) failures.push(`revoking was answered with ${revoked.status}`)
    const states = []
    for (const token of [own.token, second.token, third.token])
      states.push((await askWith(door, token, PATH)).status)
    if (states.join() !== '200,200,401')
      failures.push(`after revoking the third, the sessions answered ${states.join(', ')}`)
    const saw = `all ${stored.length} sessions of a probe account were shown; the one that was revoked was refused, the others went on`
    return observed(
      failures,
      saw,
      { stored: stored.length, shown: ids.length },
      { count: stored.length, coverage: 1, of: 'sessions' },
    )
  })
}

/** A door whose list leaves the last session out. */
function hidingDoor(door: Door): Door {
  return {
    request: async (path, init) => {
      const reply = await door.request(path, init)
      if (path !== PATH || reply.status !== 200) return reply
      return Response.json({ sessions: listed.parse(await reply.json()).sessions.slice(1) })
    },
  }
}

/** A door that answers a revocation and does nothing. */
function idleDoor(door: Door): Door {
  return {
    request: (path, init) =>
      path.endsWith('/revoke') ? Promise.resolve(Response.json({ ended: 1 })) : door.request(path, init),
  }
}

/** Policy 3.4-c. */
export const sessionsListed: Control<AccessSystem> = control({
  id: 'sessions-listed-and-revocable',
  clauses: ['3.4-c'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['platform/access/sessions/sessions.ts', 'platform/access/sessions/routes.ts'],
  looks:
    'Gives a probe account three sessions, compares the list with the database, revokes one and tries all three.',
  breaks: 'Does the same at a door whose list hides a session, and at one that only pretends to revoke.',
  check: (system) => lookAtList(system, system.door),
  knownBad: async (system) =>
    everyBreakFound({
      'a hidden session': await lookAtList(system, hidingDoor(system.door)),
      'a revocation that does nothing': await lookAtList(system, idleDoor(system.door)),
    }),
})
