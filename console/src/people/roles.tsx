import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { BuiltInRole, WorkspaceRole } from '../../../platform/kernel/permission.ts'
import { BUILT_IN_ROLES, isBuiltIn, jobsQuery, nameOfRole, rolesQuery } from '../roles/roles-api.ts'
import { Choice } from '../ui/field.tsx'
import { Panel, Section } from '../ui/page.tsx'

const MEANINGS: Readonly<Record<BuiltInRole, string>> = {
  owner: 'Everything in the workspace, owners included. There is always one.',
  admin: 'People, channels, automatic replies and API keys; not owners.',
  agent: 'Reads and answers conversations.',
  auditor: 'Reads the audit log and the policy; sees no conversation.',
}

/** The work that each of them is usually given for. */
const USUAL_WORK: Readonly<Record<string, string>> = {
  owner: 'management',
  admin: 'administration',
  agent: 'customer service',
  auditor: 'audit',
}

/** Tells the name of any role of the workspace, its own roles included. */
export function useRoleName(): (role: WorkspaceRole) => string {
  const { data } = useQuery(rolesQuery)
  const names = new Map(data?.roles.map((role) => [role.id, nameOfRole(role)]))
  return (role) => names.get(role) ?? (isBuiltIn(role) ? BUILT_IN_ROLES[role] : 'Own role')
}

/** A role with the work that it is given for. */
export interface RoleWish {
  readonly role: WorkspaceRole
  /** The kind of work; empty when nobody said it. */
  readonly job: string
}

/** Which work somebody does and which role they have for it; the map from one to the other stands beside it. Policy 3.2-a. */
export function RoleChoice({
  value,
  onChoose,
  withOwner,
}: {
  readonly value: RoleWish
  readonly onChoose: (next: RoleWish) => void
  readonly withOwner: boolean
}): ReactNode {
  const { data: known } = useQuery(rolesQuery)
  const { data: work } = useQuery(jobsQuery)
  const all = known?.roles ?? []
  const roles = all.filter(({ id }) => withOwner || id !== 'owner')
  const jobs = work?.jobFunctions.map(({ name }) => name) ?? []
  const fits = all.find(({ id }) => id === value.role)?.jobFunctions ?? []
  return (
    <>
      <Choice
        label="Role"
        choices={namesOf(roles, value.role)}
        value={value.role}
        onChoose={(role) => {
          const fitting = all.find(({ id }) => id === role)?.jobFunctions ?? []
          const usual = USUAL_WORK[role] ?? fitting[0] ?? value.job
          onChoose({ role, job: fitting.includes(value.job) ? value.job : usual })
        }}
      />
      <Choice
        label="Work"
        hint={
          fits.length === 0 ? 'No work is named for this role yet.' : `This role is for ${fits.join(', ')}.`
        }
        choices={jobChoices(jobs, value.job)}
        value={value.job}
        onChoose={(job) => {
          onChoose({ ...value, job })
        }}
      />
    </>
  )
}

function namesOf(
  roles: readonly { readonly id: WorkspaceRole; readonly name: string | null }[],
  present: WorkspaceRole,
): Readonly<Record<WorkspaceRole, string>> {
  const shown = roles.some(({ id }) => id === present) ? roles : [{ id: present, name: null }, ...roles]
  return Object.fromEntries(shown.map((role) => [role.id, nameOfRole(role)])) as Record<WorkspaceRole, string>
}

function jobChoices(jobs: readonly string[], present: string): Readonly<Record<string, string>> {
  const shown = jobs.includes(present) ? jobs : [present, ...jobs]
  return Object.fromEntries(shown.map((job) => [job, job === '' ? 'not said yet' : job]))
}

/** What each role that every workspace has is for. */
export function RoleMeanings(): ReactNode {
  return (
    <Section
      title="What the roles may do"
      lead={
        <>
          Each permission, and roles of your own, are on{' '}
          <Link to="/roles" className="text-accent underline">
            Roles and permissions
          </Link>
          .
        </>
      }
    >
      <Panel className="p-4">
        <dl className="grid gap-x-6 gap-y-2 tablet:grid-cols-[8rem_1fr]">
          {(Object.keys(MEANINGS) as BuiltInRole[]).map((role) => (
            <div key={role} className="contents">
              <dt className="font-strong">{BUILT_IN_ROLES[role]}</dt>
              <dd className="text-muted">{MEANINGS[role]}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </Section>
  )
}
