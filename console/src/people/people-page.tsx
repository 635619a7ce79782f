import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay, useMe } from '../session.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading, PageBody, PageHead } from '../ui/page.tsx'
import { Invitations } from './invitations.tsx'
import { Invite } from './invite.tsx'
import { Members } from './members.tsx'
import { peopleQuery } from './people-api.ts'
import { RoleMeanings } from './roles.tsx'
import { Staff } from './staff.tsx'
import { SupportAccess } from './support-access.tsx'

/** Who belongs to the workspace, what their role lets them do, and how somebody joins or leaves. Policy 3.2-a. */
export function PeoplePage(): ReactNode {
  const me = useMe()
  const may = useMay('people.edit')
  const mayReview = useMay('review.read')
  const maySee = useMay('people.read')
  const mayStaff = useMay('platform.staff')
  const { data, error, refetch } = useQuery({ ...peopleQuery, enabled: maySee })
  const own = data?.members.find(({ id }) => id === me.account?.id)
  return (
    <PageBody>
      <PageHead title="People and roles" lead="Everybody here signs in with a second factor.">
        {may && <Invite withOwner={own?.role === 'owner'} />}
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
          <Members members={data.members} mayEdit={may} mayReview={mayReview} />
          <Invitations invitations={data.invitations} mayEdit={may} />
        </>
      )}
      {maySee && me.workspace !== null && <SupportAccess />}
      {mayStaff && <Staff />}
      <RoleMeanings />
    </PageBody>
  )
}
