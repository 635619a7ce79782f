import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { NeedsElevation } from '../elevation/needs-elevation.tsx'
import { useMay, useMe } from '../session.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { ManageStaff } from './manage-staff.tsx'
import { NewStaff } from './new-staff.tsx'
import { staffQuery } from './people-api.ts'
import { STAFF_ROLES } from './staff-roles.ts'

/** The provider's own staff; who gives roles cannot publish the policy, who publishes cannot give roles. Policy 3.2-d. */
export function Staff(): ReactNode {
  const me = useMe()
  const may = useMay('platform.people')
  const staff = useQuery(staffQuery)
  return (
    <Section
      title="Staff of the provider"
      lead="They run the platform; their role opens no workspace."
      aside={may && staff.data !== undefined && <NewStaff staff={staff.data.staff} />}
    >
      {!may && me.staffRole === 'administrator' && <NeedsElevation permission="platform.people" />}
      <Loaded query={staff} what="the staff">
        {(data) => (
          <Table label="Staff of the provider" columns={['Name', 'Role', 'For', 'Act']}>
            {data.staff.map((person) => (
              <Row key={person.id}>
                <Cell of="Name">
                  <span className="block">{person.name}</span>
                  <span className="block text-sm text-muted">{person.email}</span>
                </Cell>
                <Cell of="Role">
                  <span className="block">{STAFF_ROLES[person.role]}</span>
                  <span className="block text-sm text-muted">{person.jobFunction}</span>
                </Cell>
                <Cell of="For">
                  <Moment at={person.since} bare />
                </Cell>
                <Cell of="Act" end>
                  {person.id === me.account?.id ? (
                    <Badge tone="accent">you</Badge>
                  ) : (
                    may && <ManageStaff of={person} staff={data.staff} />
                  )}
                </Cell>
              </Row>
            ))}
          </Table>
        )}
      </Loaded>
    </Section>
  )
}
