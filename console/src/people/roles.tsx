import type { ReactNode } from 'react'
import type { BuiltInRole, WorkspaceRole } from '../../../platform/kernel/permission.ts'
import { Panel, Section } from '../ui/page.tsx'

/** The roles of a workspace in words. */
export const ROLE_NAMES: Readonly<Record<BuiltInRole, string>> = {
  owner: 'Owner',
  admin: 'Admin',
  agent: 'Agent',
  auditor: 'Auditor',
}

/** A role in words; the names of a workspace’s own roles are not in this list. */
export function roleName(role: WorkspaceRole): string {
  return Object.hasOwn(ROLE_NAMES, role) ? ROLE_NAMES[role as BuiltInRole] : 'Own role'
}

const MEANINGS: Readonly<Record<BuiltInRole, string>> = {
  owner: 'Everything in the workspace, owners included. There is always one.',
  admin: 'People, channels, automatic replies and API keys; not owners.',
  agent: 'Reads and answers conversations.',
  auditor: 'Reads the audit log and the policy; sees no conversation.',
}

/** What each role is for. */
export function RoleMeanings(): ReactNode {
  return (
    <Section title="What the roles may do">
      <Panel className="p-4">
        <dl className="grid gap-x-6 gap-y-2 tablet:grid-cols-[8rem_1fr]">
          {(Object.keys(ROLE_NAMES) as BuiltInRole[]).map((role) => (
            <div key={role} className="contents">
              <dt className="font-strong">{ROLE_NAMES[role]}</dt>
              <dd className="text-muted">{MEANINGS[role]}</dd>
            </div>
          ))}
        </dl>
      </Panel>
    </Section>
  )
}
