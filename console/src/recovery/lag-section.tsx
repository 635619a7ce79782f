import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Region, Schedule } from '../contract/recovery.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { many, seconds } from './amounts.ts'
import { ClauseLink } from './clause-link.tsx'
import { calendarQuery, regionsQuery, scheduleQuery } from './recovery-api.ts'

/** How far each region is behind the database, and where it is. Policy 6.1-c, 6.2-b. */
export function LagSection(): ReactNode {
  const schedule = useQuery(scheduleQuery)
  const regions = useQuery(regionsQuery)
  const { data: calendar } = useQuery(calendarQuery)
  return (
    <Section
      title="How much would be lost now?"
      lead={
        <>
          Every change is archived in each region as it is made
          {calendar !== undefined &&
            `; the policy allows ${seconds(calendar.promised.pointSeconds)}, half of it raises an alarm`}
          , <ClauseLink id="6.2-b" />.
        </>
      }
    >
      <Loaded query={schedule} what="the schedule">
        {(data) => (
          <>
            {data.capabilities.limits.map((limit) => (
              <Notice key={limit}>
                <p>{limit}</p>
              </Notice>
            ))}
            <Lag of={data} regions={regions.data?.regions ?? []} />
          </>
        )}
      </Loaded>
      {regions.error !== null && <ProblemNotice error={regions.error} retry={() => void regions.refetch()} />}
    </Section>
  )
}

function Lag({
  of: { archiving, lag },
  regions,
}: {
  readonly of: Schedule
  readonly regions: readonly Region[]
}): ReactNode {
  const known = new Map(regions.map((one) => [one.region, one]))
  const names = [...new Set([...lag.map(({ region }) => region), ...known.keys()])]
  return (
    <>
      {!archiving.runs && (
        <Notice tone="late">
          <strong>Changes are not archived at this moment</strong>
          <p>{archiving.why ?? 'The stream of the log begins by itself within seconds.'}</p>
        </Notice>
      )}
      {names.length === 0 ? (
        <Empty title="No region is known yet">Regions appear once the archive of the log runs.</Empty>
      ) : (
        <Table label="Regions" columns={['Region', 'Behind', 'Restorable to', 'Lies at', 'Copies']}>
          {names.map((name) => {
            const at = lag.find(({ region }) => region === name)
            return (
              <Row key={name}>
                <Cell of="Region">{name}</Cell>
                <Cell of="Behind">
                  {at === undefined || at.seconds === null ? (
                    <Badge tone="late">not known</Badge>
                  ) : (
                    <strong>{seconds(at.seconds)} behind</strong>
                  )}
                </Cell>
                <Cell of="Restorable to">
                  {at === undefined || at.recoverableTo === null ? (
                    'not yet'
                  ) : (
                    <Moment at={at.recoverableTo} />
                  )}
                </Cell>
                <Cell of="Lies at">
                  <Place of={known.get(name)} />
                </Cell>
                <Cell of="Copies">
                  <Copies of={known.get(name)} />
                </Cell>
              </Row>
            )
          })}
        </Table>
      )}
    </>
  )
}

function Place({ of }: { readonly of: Region | undefined }): ReactNode {
  if (of === undefined) return 'not known'
  return (
    <span className="flex flex-col gap-1 max-tablet:items-end">
      <span className="wrap-anywhere">
        {of.address}
        {of.country !== null && ` (${of.country})`}
      </span>
      <span className="flex flex-wrap gap-1 max-tablet:justify-end">
        {of.standIn && <Badge tone="late">stand-in for a region</Badge>}
        <Badge>{of.lock === 'compliance' ? 'locked by the store' : 'lock only promised'}</Badge>
      </span>
    </span>
  )
}

function Copies({ of }: { readonly of: Region | undefined }): ReactNode {
  if (of === undefined || of.comparedAt === null) return 'not compared yet'
  if (of.refused > 0)
    return (
      <>
        <Badge tone="bad">{many(of.refused, 'object')} refused</Badge>{' '}
        {of.firstRefused !== null && <code className="font-mono text-sm">{of.firstRefused}</code>}
      </>
    )
  return (
    <span>
      {of.behindSince === null ? (
        'complete'
      ) : (
        <>
          <Badge tone="late">incomplete</Badge> since <Moment at={of.behindSince} />
        </>
      )}
      <span className="block text-sm text-muted">
        compared <Moment at={of.comparedAt} />
      </span>
    </span>
  )
}
