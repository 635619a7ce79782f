import { randomUUID } from 'node:crypto'
import { undone, type Database } from '../../db/index.ts'
import { HOUR, secondsAfter, secondsBetween } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { SENSITIVE, type Permission } from '../../kernel/permission.ts'
import { z } from '../../kernel/schema.ts'
import { insertKey } from '../api-keys/queries.ts'
import { accessChanged } from '../changed.ts'
import { withTwin, type AccessSystem } from '../controls/observed-system.ts'
import { enrolProbe, sendWith, withProbe, type ProbePerson } from '../controls/probe-person.ts'
import { PROBE_WORKSPACE } from '../controls/queries.ts'
import type { Door } from '../direct-door.ts'
import { elevationLimit } from '../parameters.ts'
import { STAFF_ROLES, WORKSPACE_ROLES } from '../roles/roles.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { setStaffRole } from '../workspaces/queries.ts'
import { ageElevation, standingSensitive } from './queries.ts'

const PATH = '/api/access/elevations'
const MINUTES = 5
/** Ends are written down each minute; this much later one that still stands was forgotten. */
const SWEEP_SECONDS = 300
const REASON = 'A check of the system for itself'

/** Asks for a role for an account that does not exist: refused before anything is read, or not found, and never done. */
async function sensitive(door: Door, token: SessionToken): Promise<'refused' | 'let through'> {
  const { status } = await sendWith(door, token, `/api/people/staff/${randomUUID()}`, {
    role: 'staff-auditor',
  })
  return status === 403 ? 'refused' : 'let through'
}

/** A probe administrator in a full session; real people never see one, and it is gone with the check. */
async function asAdministrator(system: AccessSystem, person: ProbePerson): Promise<SessionToken> {
  const { db, clock } = system.parts
  await setStaffRole(db, person.id, 'administrator', clock.now())
  return (await enrolProbe(system, person)).token
}

/** The life of one elevation through the door; what comes after its end is asked at `doorAfter`. */
function lookAtLife(system: AccessSystem, doorAfter: Door): Promise<Observation> {
  const { door, parts } = system
  return withProbe(system, (asking) =>
    withProbe(system, async (deciding) => {
      const own = await asAdministrator(system, asking)
      const other = await asAdministrator(system, deciding)
      const failures: string[] = []
      const expect = async (what: string, wanted: string, got: Promise<string | number>): Promise<void> => {
        const saw = String(await got)
        if (saw !== wanted) failures.push(`${what}: ${saw}`)
      }
      await expect('without an elevation', 'refused', sensitive(door, own))
      const wish = { permissions: ['platform.people'], reason: REASON, minutes: MINUTES }
      const { id } = z.object({ id: z.uuid() }).parse(await (await sendWith(door, own, PATH, wish)).json())
      const approve = async (token: SessionToken): Promise<number> =>
        (await sendWith(door, token, `${PATH}/${id}/approve`, {})).status
      await expect('approving the own request', '403', approve(own))
      await expect('asked for and not approved', 'refused', sensitive(door, own))
      await expect('approving the request of another', '200', approve(other))
      await expect('with an elevation', 'let through', sensitive(door, own))
      const now = parts.clock.now()
      await parts.db.transaction().execute(async (tx) => {
        const ages = { granted_at: secondsAfter(now, -MINUTES * 60), expires_at: secondsAfter(now, -1) }
        await ageElevation(tx, id, ages)
        await accessChanged(tx, { account: asking.id })
      })
      await expect('a second after its end', 'refused', sensitive(doorAfter, own))
      const saw =
        'a sensitive route refused a probe administrator without an elevation, with one that was only asked for and after its end, let it through in between, and nobody approved the own request'
      return observed(failures, saw, { minutes: MINUTES }, { count: 6, coverage: 1, of: 'requests' })
    }),
  )
}

/** Roles that give a sensitive permission for good, in the tables of the program and in the data. */
async function lookAtStanding(
  { parts }: Pick<AccessSystem, 'parts'>,
  db: Database,
  roles: Readonly<Record<string, readonly Permission[]>>,
): Promise<Observation> {
  const limit = parts.policy.read(elevationLimit)
  const inRoles = Object.entries(roles)
    .filter(([, allowed]) => SENSITIVE.some((one) => allowed.includes(one)))
    .map(([name]) => `the role ${name} gives a sensitive permission permanently`)
  const { standing, given, oldest } = await standingSensitive(db)
  const longest = oldest === null ? 0 : secondsBetween(oldest, parts.clock.now())
  const failures = [
    ...inRoles,
    ...(standing > 0
      ? [`${standing} roles or keys in the data give a sensitive permission permanently`]
      : []),
    ...(longest > limit + SWEEP_SECONDS ? [`an elevation stands since ${Math.round(longest)} s`] : []),
  ]
  const saw = `none of ${SENSITIVE.length} sensitive permissions is held permanently, and no elevation stands for longer than ${elevationLimit.type.show(limit)}`
  const metrics = { standing: standing + inRoles.length, given, longestStandingSeconds: Math.round(longest) }
  return observed(failures, saw, metrics, {
    count: SENSITIVE.length,
    coverage: 1,
    of: 'sensitive permissions',
  })
}

const ROLES = { ...STAFF_ROLES, ...WORKSPACE_ROLES }

async function look(system: AccessSystem): Promise<Observation> {
  const standing = await lookAtStanding(system, system.parts.db, ROLES)
  const life = await lookAtLife(system, system.door)
  const failures = [standing, life].filter(({ result }) => result === 'fail').map(({ saw }) => saw)
  const metrics = { ...standing.metrics, ...life.metrics }
  return observed(failures, `${standing.saw}; ${life.saw}`, metrics, life.scope)
}

/** A key that holds a sensitive permission for a year, seen in a transaction that is undone. */
function withStandingKey(system: AccessSystem): Promise<Observation> {
  const { db, clock } = system.parts
  return withProbe(system, (person) =>
    undone(db, async (tx) => {
      const now = clock.now()
      await insertKey(tx, {
        id: randomUUID(),
        workspace_id: PROBE_WORKSPACE,
        account_id: person.id,
        label: Buffer.alloc(0),
        hint: 'check',
        token_hash: Buffer.from(randomUUID()),
        scopes: ['platform.people'],
        created_at: now,
        expires_at: secondsAfter(now, HOUR),
      })
      return lookAtStanding(system, tx, ROLES)
    }),
  )
}

/** Policy 3.2-d. */
export const sensitiveOnlyForATime: Control<AccessSystem> = control({
  id: 'sensitive-only-for-a-time',
  clauses: ['3.2-d'],
  reads: [elevationLimit],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/access/elevation/live.ts',
    'platform/access/elevation/decide.ts',
    'platform/access/elevation/ending.ts',
    'platform/kernel/permission.ts',
  ],
  looks:
    'Takes a probe administrator to a sensitive route without an elevation, with one that another probe approved, and after its end, and looks for sensitive permissions that somebody holds for good.',
  breaks:
    'Asks a twin whose clock stands before the end of the elevation, gives a role a sensitive permission, and gives a key one.',
  check: look,
  knownBad: async (system) => {
    const { clock } = system.parts
    const slow = { now: () => secondsAfter(clock.now(), -120) }
    const given = { ...ROLES, planted: ['platform.people'] as const }
    return everyBreakFound({
      'an elevation that does not end': await withTwin(system, { clock: slow }, (_, door) =>
        lookAtLife(system, door),
      ),
      'a role that holds it for good': await lookAtStanding(system, system.parts.db, given),
      'a key that holds it for good': await withStandingKey(system),
    })
  },
})
