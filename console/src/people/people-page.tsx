import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { useMay } from '../session.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading, PageBody, PageHead } from '../ui/page.tsx'
import { Invitations } from './invitations.tsx'
import { Invite } from './invite.tsx'
import { Members } from './members.tsx'
import { RoleMeanings } from './roles.tsx'
import { Staff } from './staff.tsx'

/** Who belongs to the workspace, what their role lets them do, and how somebody joins or leaves. Policy 3.2-a. */
export function PeoplePage(): ReactNode {
  const may = useMay('people.edit')
  const maySee = useMay('people.read')
  const mayStaff = useMay('platform.staff')
  const { data, error, refetch } = useQuery({
    queryKey: ['people'],
    queryFn: ({ signal }) => call('GET /api/people', {}, { signal }),
    enabled: maySee,
  })
  return (
    <PageBody>
      <PageHead title="People and roles" lead="Everybody here signs in with a second factor.">
        {may && <Invite />}
      </PageHead>
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {maySee && data === undefined && error === null && <Loading what="the people" />}
      {data !== undefined && (
        <>
          <Members members={data.members} mayEdit={may} />
          <Invitations invitations={data.invitations} mayEdit={may} />
        </>
      )}
      {mayStaff && <Staff />}
      <RoleMeanings />
    </PageBody>
  )
}
