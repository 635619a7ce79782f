import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { PageBody, PageHead } from '../ui/page.tsx'
import { Duties } from './duties.tsx'
import { Explain } from './explain.tsx'
import { Jobs } from './jobs.tsx'
import { RoleEditor } from './role-editor.tsx'
import { RoleTable } from './role-table.tsx'
import { rolesQuery } from './roles-api.ts'
import { Unused } from './unused.tsx'

/** Roles of the workspace, the work they are for, duties kept apart, and why somebody may do something. Policy 3.2-a. */
export function RolesPage(): ReactNode {
  const mayEdit = useMay('role.edit')
  const mayReview = useMay('review.read')
  const roles = useQuery(rolesQuery)
  return (
    <PageBody>
      <PageHead
        title="Roles and permissions"
        lead="Nothing is allowed that no role, elevation or scope allows."
      >
        {mayEdit && roles.data !== undefined && <RoleEditor permissions={roles.data.permissions} />}
      </PageHead>
      <Loaded query={roles} what="the roles">
        {(data) => (
          <>
            <RoleTable of={data} mayEdit={mayEdit} />
            <Explain permissions={data.permissions} />
            <Jobs mayEdit={mayEdit} />
            <Duties permissions={data.permissions} mayEdit={mayEdit} />
            {mayReview && <Unused permissions={data.permissions} />}
          </>
        )}
      </Loaded>
    </PageBody>
  )
}
