import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { peopleQuery } from '../people/people-api.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import type { PermissionRow } from './roles-api.ts'

/** What people hold and have not used since before the last review. Policy 3.2-a. */
export function Unused({ permissions }: { readonly permissions: readonly PermissionRow[] }): ReactNode {
  const report = useQuery({
    queryKey: ['unused-permissions'],
    queryFn: ({ signal }) => call('GET /api/access/unused-permissions', {}, { signal }),
  })
  const { data: people } = useQuery(peopleQuery)
  const says = new Map(permissions.map((one) => [one.name, one.says]))
  const names = new Map((people?.members ?? []).map((one) => [one.id, one.name]))
  return (
    <Section
      title="Not used"
      lead="Permissions that somebody holds and did not use for as long as lies between two reviews."
    >
      <Loaded query={report} what="the report">
        {(data) =>
          data.members.length === 0 ? (
            <Empty title="Nothing stands unused">
              Nobody holds anything for that long without using it. Newer grants are not counted yet.
            </Empty>
          ) : (
            <Table label="Not used" columns={['Person', 'Permissions']}>
              {data.members.map((one) => (
                <Row key={one.account}>
                  <Cell of="Person">{names.get(one.account) ?? one.account}</Cell>
                  <Cell of="Permissions">
                    <ul className="text-left text-sm">
                      {one.unused.map(({ permission, lastUsed }) => (
                        <li key={permission}>
                          {says.get(permission) ?? permission}
                          <span className="text-muted">
                            {lastUsed === null ? ', never used' : `, last on ${lastUsed}`}
                          </span>
                        </li>
                      ))}
                    </ul>
                  </Cell>
                </Row>
              ))}
            </Table>
          )
        }
      </Loaded>
    </Section>
  )
}
