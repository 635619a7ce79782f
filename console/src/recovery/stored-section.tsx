import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Calendar } from '../contract/recovery.ts'
import { Loaded } from '../ui/loaded.tsx'
import { useNow } from '../ui/moment.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { bytesIn } from './amounts.ts'
import { calendarQuery, storedQuery } from './recovery-api.ts'

const DAY_MS = 86_400_000

/** How much lies in each region, and what it grows to when every day of the retention is there. */
export function StoredSection(): ReactNode {
  const stored = useQuery(storedQuery)
  const { data: calendar } = useQuery(calendarQuery)
  return (
    <Section
      title="How much is stored, and how does it grow?"
      lead="Backups, the log and the ledger’s files, compressed and sealed. What that costs is a matter of each region’s price."
    >
      <Loaded query={stored} what="the sizes">
        {({ regions }) =>
          Object.keys(regions).length === 0 ? (
            <Empty title="Nothing is stored yet">Sizes appear with the first backup.</Empty>
          ) : (
            <Table label="Stored bytes" columns={['Region', 'Objects', 'Stored', 'Grows to']}>
              {Object.entries(regions).map(([region, { objects, bytes }]) => (
                <Row key={region}>
                  <Cell of="Region">{region}</Cell>
                  <Cell of="Objects">{objects.toLocaleString()}</Cell>
                  <Cell of="Stored">{bytesIn(bytes)}</Cell>
                  <Cell of="Grows to">
                    <Growth bytes={bytes} of={calendar} />
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

/** Straight on from what was stored so far; before two days there is nothing to go by. */
function Growth({ bytes, of }: { readonly bytes: number; readonly of: Calendar | undefined }): ReactNode {
  const now = useNow()
  if (of === undefined || of.firstAt === null) return 'not known yet'
  const days = (now - Date.parse(of.firstAt)) / DAY_MS
  const kept = of.promised.keptSeconds / 86_400
  if (days < 2) return 'after two days there is something to go by'
  if (days >= kept) return 'every day of the retention is there'
  return `about ${bytesIn((bytes / days) * kept)}, by ${bytesIn(bytes / days)} a day`
}
