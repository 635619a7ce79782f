import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay, useMe } from '../session.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { PageBody, PageHead } from '../ui/page.tsx'
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
  const people = useQuery({ ...peopleQuery, enabled: maySee })
  const own = people.data?.members.find(({ id }) => id === me.account?.id)
  return (
    <PageBody>
      <PageHead title="People and roles" lead="Everybody here signs in with a second factor.">
        {may && <Invite withOwner={own?.role === 'owner'} />}
      </PageHead>
      <Loaded query={people} what="the people">
        {(data) => (
          <>
            <Members members={data.members} mayEdit={may} mayReview={mayReview} />
            <Invitations invitations={data.invitations} mayEdit={may} />
          </>
        )}
      </Loaded>
      {maySee && me.workspace !== null && <SupportAccess />}
      {mayStaff && <Staff />}
      <RoleMeanings />
    </PageBody>
  )
}
