import type { Database } from '../../db/index.ts'
import type { StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { jobFunctionsOf, ownRole } from './queries.ts'
import { isBuiltIn, JOB_FUNCTIONS, ROLE_JOBS, STAFF_JOBS } from './role-table.ts'

/** A role of a workspace with the work it is for. */
export interface MappedRole {
  readonly role: WorkspaceRole
  /** What a workspace's own role allows; null for a built-in one. */
  readonly permissions: readonly string[] | null
  /** The work it is for, the usual one first. */
  readonly jobs: readonly string[]
}

/** The kinds of work in a workspace: those that every one knows and its own. */
export async function jobsIn(db: Database, workspace: string) {
  const own = await jobFunctionsOf(db, workspace)
  const shipped = JOB_FUNCTIONS.map((name) => ({ name, own: false, roles: builtInFor(name) }))
  return [...shipped, ...own.map(({ name, roles }) => ({ name, own: true, roles }))]
}

function builtInFor(job: string) {
  return Object.keys(ROLE_JOBS)
    .filter(isBuiltIn)
    .filter((role) => (ROLE_JOBS[role] as readonly string[]).includes(job))
}

/** A role of the workspace with its jobs. Throws `resource.unknown` for any other. Policy 3.2-a. */
export async function mappedRole(db: Database, workspace: string, role: string): Promise<MappedRole> {
  if (isBuiltIn(role)) {
    const added = (await jobFunctionsOf(db, workspace)).filter(({ roles }) => roles.includes(role))
    return { role, permissions: null, jobs: [...ROLE_JOBS[role], ...added.map(({ name }) => name)] }
  }
  const own = await ownRole(db, workspace, role)
  if (own === undefined) throw new Problem('resource.unknown', 'The workspace has no such role.')
  return { role: own.id, permissions: own.permissions, jobs: own.job_functions }
}

/** The job of the workspace's list that this text names, whatever its case; null when none does. */
export async function jobNamed(db: Database, workspace: string, text: string): Promise<string | null> {
  const wanted = text.normalize('NFKC').trim().toLowerCase()
  return (await jobsIn(db, workspace)).find(({ name }) => name.toLowerCase() === wanted)?.name ?? null
}

/** Refuses a role for work that it is not for. Throws `access.outside-map`. Policy 3.2-a. */
export function requireInMap(role: Pick<MappedRole, 'jobs'>, job: string | null): void {
  if (job !== null && role.jobs.includes(job)) return
  const work = job === null ? 'nobody said which work this person does' : `this person does ${job}`
  throw new Problem(
    'access.outside-map',
    `The role is for ${role.jobs.join(', ')}; ${work}. Name the right work, or give a reason and an end.`,
  )
}

/** The work that somebody does who is given this staff role; throws `access.outside-map`. Policy 3.2-a. */
export function staffJob(role: StaffRole, job: string | undefined): string {
  const jobs = STAFF_JOBS[role]
  const wanted = job ?? jobs[0]
  requireInMap({ jobs }, wanted)
  return wanted
}
