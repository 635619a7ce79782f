import { HOUR } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { newId } from '../../kernel/id.ts'
import { bothSeen, everyBreakFound, observed } from '../../kernel/observed.ts'
import { permissions, type OwnRoleId, type WorkspaceRole } from '../../kernel/permission.ts'
import { filledPath } from '../../kernel/route.ts'
import { directDoor, type Door } from '../direct-door.ts'
import { takeCensus } from '../roles/census.ts'
import { insertDutyRule, insertOwnRole, deleteDutyRule, deleteOwnRole, putMember } from '../roles/queries.ts'
import { ANYBODY, EVERY_ACCOUNT } from '../roles/role-table.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { withTwin, type AccessSystem, type ListedRoute } from './observed-system.ts'
import { askWith, enrolProbe, withProbe, type ProbePerson } from './probe-person.ts'
import { deleteStaleRoles, PROBE_WORKSPACE } from './queries.ts'

/** What the role of the check allows, and one route for each. */
const ALLOWED = { 'people.read': '/api/people', 'api-key.read': '/api/api-keys' } as const
/** Routes of this module that only read and that the role of the check does not allow. */
const READS_REFUSED = ['/api/access/unused-permissions', '/api/people/staff'] as const
const EVERYBODYS: readonly string[] = [...ANYBODY, ...EVERY_ACCOUNT]
const NOBODY = '00000000-0000-7000-8000-000000000000'

interface Probe {
  readonly person: ProbePerson
  readonly role: OwnRoleId
}

/** Runs `use` with somebody who has a role of the workspace of checks, made for this and removed again. */
async function withRole<Result>(
  system: AccessSystem,
  granted: readonly string[],
  use: (probe: Probe) => Promise<Result>,
): Promise<Result> {
  const { db, clock, keys } = system.parts
  const role = newId(clock) as OwnRoleId
  return withProbe(system, async (person) => {
    const at = clock.now()
    await deleteStaleRoles(db, at)
    const place = { table: 'own_role', column: 'name', row: role }
    await insertOwnRole(db, {
      id: role,
      workspace_id: PROBE_WORKSPACE,
      name: await keys.sealText(PROBE_WORKSPACE, place, 'Check'),
      permissions: [...granted],
      job_functions: ['audit'],
      created_at: at,
      changed_at: at,
    })
    try {
      await setRole(system, person, role, 'audit')
      return await use({ person, role })
    } finally {
      await setRole(system, person, 'agent', 'customer service')
      await deleteOwnRole(db, role, clock.now())
    }
  })
}

function setRole(
  { parts: { db, clock } }: AccessSystem,
  person: ProbePerson,
  role: WorkspaceRole,
  job: string,
): Promise<void> {
  return putMember(db, {
    account_id: person.id,
    workspace_id: PROBE_WORKSPACE,
    role,
    job_function: job,
    role_until: null,
    created_at: clock.now(),
  })
}

/** Looks at every role that is held, and at the table of routes. */
async function lookAtGrants(
  { parts: { db, clock }, routes }: AccessSystem,
  probe: { readonly account: string | null; readonly role: string | null },
  table: readonly ListedRoute[] = routes,
): Promise<Observation> {
  const census = await takeCensus(db, clock.now(), { workspace: PROBE_WORKSPACE, ...probe })
  const bare = table.filter(({ permission }) => !Object.hasOwn(permissions, permission))
  const failures = [
    ...census.outsideMap.map((one) => `outside the map of jobs: ${one}`),
    ...census.unrecorded.map((one) => `nobody wrote down who gave it: ${one}`),
    ...census.conflicts.map((one) => `duties that are kept apart meet: ${one}`),
    ...census.wildcards,
    ...bare.map(({ method, path }) => `${method} ${path} asks for no permission`),
  ]
  const metrics = {
    people: census.people,
    outsideMap: census.outsideMap.length,
    unrecorded: census.unrecorded.length,
    conflicts: census.conflicts.length,
    wildcards: census.wildcards.length,
    routesWithoutPermission: bare.length,
  }
  const saw = `${census.people} people hold only roles for the work they do`
  return observed(failures, saw, metrics, { count: census.people, coverage: 1, of: 'people with a role' })
}

/** Asks with a role that allows some: those routes answer, and every other one refuses. */
async function lookAtDoor(
  door: Door,
  token: SessionToken,
  refused: readonly Pick<ListedRoute, 'method' | 'path'>[],
): Promise<Observation> {
  const failures: string[] = []
  let limited = 0
  const expect = async (method: string, path: string, wanted: number): Promise<void> => {
    const reply = await askWith(door, token, path, method)
    await reply.body?.cancel()
    if (reply.status === 429) limited += 1
    else if (reply.status !== wanted)
      failures.push(`${method} ${path} answered ${reply.status}, not ${wanted}`)
  }
  for (const path of Object.values(ALLOWED)) await expect('GET', path, 200)
  for (const { method, path } of refused)
    await expect(
      method,
      filledPath(path, () => NOBODY),
      403,
    )
  const asked = refused.length + Object.keys(ALLOWED).length
  const saw = `a role answered at its own routes and was refused at ${refused.length} others`
  const coverage = (asked - limited) / asked
  return observed(
    failures,
    saw,
    { asked, limited },
    { count: asked, coverage, of: 'routes with a permission' },
  )
}

function closedTo(table: readonly ListedRoute[], held: readonly string[]): ListedRoute[] {
  return table.filter(
    ({ surface, permission }) =>
      surface === 'gateway' && !EVERYBODYS.includes(permission) && !held.includes(permission),
  )
}

/** A grant outside the map, duties that meet, a wildcard, a route without a permission, a decision that allows all. */
async function broken(system: AccessSystem): Promise<Observation> {
  const held = Object.keys(ALLOWED)
  const outside = await withRole(system, held, async ({ person, role }) => {
    await setRole(system, person, role, 'customer service')
    return lookAtGrants(system, { account: person.id, role })
  })
  const meeting = await withRole(system, ['rule.edit', 'channel.edit'], async ({ person, role }) => {
    const remove = await keepApart(system, 'channel.edit', 'rule.edit')
    try {
      return await lookAtGrants(system, { account: person.id, role })
    } finally {
      await remove()
    }
  })
  const wildcard = await withRole(system, ['*'], ({ person, role }) =>
    lookAtGrants(system, { account: person.id, role }),
  )
  const bare = { surface: 'gateway', method: 'GET', path: '/sample', level: 'none' } as const
  const open = { ...bare, permission: '' } as unknown as ListedRoute
  const route = await lookAtGrants(system, { account: null, role: null }, [...system.routes, open])
  const lax = await withRole(system, held, async ({ person }) => {
    const { token } = await enrolProbe(system, person)
    return withTwin(system, {}, (twin) => {
      const allowing = { ...twin, decide: () => ({ allow: true }) as const }
      const refused = READS_REFUSED.map((path) => ({ method: 'GET', path }))
      return lookAtDoor(directDoor(allowing, system.parts.clock), token, refused)
    })
  })
  return everyBreakFound({
    'a grant outside the map': outside,
    'duties that meet': meeting,
    'a wildcard': wildcard,
    'a route without a permission': route,
    'a decision that allows everything': lax,
  })
}

async function keepApart(
  { parts: { db, clock, keys } }: AccessSystem,
  one: string,
  other: string,
): Promise<() => Promise<void>> {
  const id = newId(clock)
  const place = { table: 'duty_rule', column: 'name', row: id }
  const name = await keys.sealText(PROBE_WORKSPACE, place, 'Check')
  const row = { id, workspace_id: PROBE_WORKSPACE, name, one, other, created_at: clock.now() }
  await insertDutyRule(db, row)
  return async () => void (await deleteDutyRule(db, PROBE_WORKSPACE, id))
}

/** Policy 3.2-a. */
export const rolesFollowJobs: Control<AccessSystem> = control({
  id: 'roles-follow-jobs',
  clauses: ['3.2-a'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: [
    'platform/access/roles/roles.ts',
    'platform/access/roles/rights.ts',
    'platform/access/roles/grants.ts',
    'platform/access/roles/map-of-jobs.ts',
    'platform/access/roles/duties.ts',
    'platform/kernel/permission-set.ts',
  ],
  looks:
    'Compares every role that somebody holds with the work that this person does, looks for duties that must not meet, for wildcards and for routes without a permission, and asks every route with a role that allows two of them.',
  breaks:
    'Gives a role outside the map of jobs, lets two duties meet, grants a wildcard, adds a route without a permission, and asks a twin whose decision allows everything.',
  check: (system) =>
    withRole(system, Object.keys(ALLOWED), async ({ person, role }) => {
      const { token } = await enrolProbe(system, person)
      const grants = await lookAtGrants(system, { account: person.id, role })
      return bothSeen(
        grants,
        await lookAtDoor(system.door, token, closedTo(system.routes, Object.keys(ALLOWED))),
      )
    }),
  knownBad: broken,
})
