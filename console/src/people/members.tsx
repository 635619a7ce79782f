import type { ReactNode } from 'react'
import type { People } from '../contract/access.ts'
import { useMe } from '../session.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { ManageMember } from './manage-member.tsx'
import type { Member } from './people-api.ts'
import { useRoleName } from './roles.tsx'

/** Members of the workspace with their work and role; nobody changes their own. Policy 3.2-a. */
export function Members({
  members,
  mayEdit,
  mayReview,
}: {
  readonly members: People['members']
  readonly mayEdit: boolean
  readonly mayReview: boolean
}): ReactNode {
  const me = useMe()
  const roleName = useRoleName()
  const ownRole = members.find(({ id }) => id === me.account?.id)?.role
  return (
    <Section title="Members">
      <Table label="Members" columns={['Name', 'Role', 'Second factors', 'Member for', 'Act']}>
        {members.map((person) => (
          <Row key={person.id}>
            <Cell of="Name">
              <span className="block">{person.name}</span>
              <span className="block text-sm text-muted">{person.email}</span>
            </Cell>
            <Cell of="Role">
              <span className="block">{roleName(person.role)}</span>
              <span className="block text-sm text-muted">{person.jobFunction ?? 'work not said yet'}</span>
              <Standing of={person} />
            </Cell>
            <Cell of="Second factors">
              {person.secondFactors > 0 ? person.secondFactors : <Badge tone="late">none yet</Badge>}
            </Cell>
            <Cell of="Member for">
              <Moment at={person.since} bare />
            </Cell>
            <Cell of="Act" end>
              {person.id === me.account?.id ? (
                <Badge tone="accent">you</Badge>
              ) : (
                (mayEdit || mayReview) && (
                  <ManageMember
                    of={person}
                    members={members}
                    ownRole={ownRole}
                    mayEdit={mayEdit}
                    mayReview={mayReview}
                  />
                )
              )}
            </Cell>
          </Row>
        ))}
      </Table>
    </Section>
  )
}

/** What limits a membership: it is suspended, or the role was given by an exception. */
function Standing({ of }: { readonly of: Member }): ReactNode {
  return (
    <>
      {of.suspendedAt !== null && <Badge tone="bad">suspended</Badge>}{' '}
      {of.roleUntil !== null && (
        <Badge tone="late">
          exception, ends <Moment at={of.roleUntil} />
        </Badge>
      )}
    </>
  )
}
