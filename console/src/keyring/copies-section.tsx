import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { KeyringCopies } from '../contract/recovery.ts'
import { daysOf } from './key-words.ts'
import { many } from '../recovery/amounts.ts'
import { ClauseLink } from '../recovery/clause-link.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { copiesQuery } from './keys-api.ts'

/** Copies of the keyring, one row a region, and the copy of the root key in escrow. Policy 2.3-a.2. */
export function CopiesSection(): ReactNode {
  const copies = useQuery(copiesQuery)
  return (
    <Section
      title="Where are copies of the keyring?"
      lead={
        <>
          Kept apart from backups of the data, so that a key that is destroyed is gone from every copy within
          days; <ClauseLink id="2.3-a.2" />.
        </>
      }
    >
      <Loaded query={copies} what="the copies of the keyring">
        {(data) => <Copies of={data} />}
      </Loaded>
    </Section>
  )
}

function Copies({ of }: { readonly of: KeyringCopies }): ReactNode {
  const regions = [...Map.groupBy(of.copies, ({ region }) => region)]
  return (
    <>
      {regions.length === 0 ? (
        <Empty title="No copy yet">The first one is made within minutes of the first start.</Empty>
      ) : (
        <Table label="Copies of the keyring" columns={['Region', 'Copies', 'Newest', 'Oldest']}>
          {regions.map(([region, copies]) => (
            <Row key={region}>
              <Cell of="Region">{region}</Cell>
              <Cell of="Copies">{copies.length}</Cell>
              <Cell of="Newest">
                <At of={copies.at(-1)?.at} />
              </Cell>
              <Cell of="Oldest">
                <At of={copies[0]?.at} />
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      <p className="text-muted">
        Each is kept for {daysOf(of.keptSecondsMax)} at most and opens for {many(of.recipients, 'holder')} of
        recovery or escrow keys, never for this machine.{' '}
        {of.escrowedAt === null ? (
          <>
            The local root key was never sealed for escrow:{' '}
            <code className="font-mono">surety keys escrow</code> does it.
          </>
        ) : (
          <>
            The local root key was sealed for escrow <Moment at={of.escrowedAt} />.
          </>
        )}
      </p>
    </>
  )
}

function At({ of }: { readonly of: string | undefined }): ReactNode {
  return of === undefined ? 'none' : <Moment at={of} />
}
