import type { ReactNode } from 'react'
import type { Drill, Drills } from '../contract/recovery.ts'
import { Facts } from '../gateway/facts.tsx'
import { useMay, useMe } from '../session.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { bytesIn, many, seconds } from './amounts.ts'
import { GAPS } from './drill-words.ts'
import { SignDrill } from './sign-drill.tsx'

/** A failover may take so long, in seconds. */
const FAILOVER_SECONDS_MAX = 60

/** The points of a drill, what it measured beside what is allowed, and who signed it. */
export function DrillDetails({
  of,
  limits,
}: {
  readonly of: Drill
  readonly limits: Drills['limits']
}): ReactNode {
  const may = useMay('recovery.change')
  const { account } = useMe()
  const signed = of.signOffs.some((one) => one.account === account?.id)
  return (
    <div className="flex flex-col gap-4">
      {of.figures !== null && <Figures of={of.figures} limits={limits} />}
      {of.points.length > 0 && (
        <Table label="Points of the drill" columns={['Point', 'What was seen', 'Took', 'Result']}>
          {of.points.map((point) => (
            <Row key={point.number}>
              <Cell of="Point">
                {point.number}. {point.name}
              </Cell>
              <Cell of="What was seen">
                <span className="text-sm">{point.says}</span>
              </Cell>
              <Cell of="Took">
                <span className="whitespace-nowrap">{seconds(point.seconds)}</span>
              </Cell>
              <Cell of="Result">
                {point.result === 'passed' ? (
                  <span className="whitespace-nowrap">passed</span>
                ) : (
                  <Badge tone="bad">{point.result === 'failed' ? 'failed' : 'could not run'}</Badge>
                )}
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      {of.signOffs.length > 0 && (
        <ul aria-label="Signatures" className="flex flex-col gap-1 text-muted">
          {of.signOffs.map((one) => (
            <li key={one.account}>
              Signed <Moment at={one.at} /> by{' '}
              {one.account === account?.id ? 'you' : `account ${one.account}`}:{' '}
              {one.gaps.length === 0
                ? 'no gap was found'
                : one.gaps.map((gap) => GAPS[gap as keyof typeof GAPS]).join(', ')}
              {one.reference !== null && ` (${one.reference})`}
            </li>
          ))}
        </ul>
      )}
      {may && of.reason === 'game-day' && of.state !== 'running' && !signed && <SignDrill id={of.id} />}
    </div>
  )
}

function Figures({
  of,
  limits,
}: {
  readonly of: NonNullable<Drill['figures']>
  readonly limits: Drills['limits']
}): ReactNode {
  return (
    <Facts
      facts={[
        ['Serving again after', <Held key="now" took={of.servingSeconds} most={limits.recoverySeconds} />],
        [
          'With the data of 90 days later',
          <Held key="then" took={of.servingSecondsIn90Days} most={limits.recoverySeconds} />,
        ],
        ['Newest data lost', <Held key="lost" took={of.lostSeconds} most={limits.lossSeconds} />],
        ['Failover', <Held key="over" took={of.failoverSeconds} most={FAILOVER_SECONDS_MAX} />],
        ['Came back', of.bytes === null ? 'not measured' : bytesIn(of.bytes)],
        [
          'Counted',
          of.rows === null || of.tables === null
            ? 'not counted'
            : `${many(of.rows, 'row')} of ${many(of.tables, 'table')}`,
        ],
      ]}
    />
  )
}

/** A measured time beside the longest that is allowed. */
function Held({ took, most }: { readonly took: number | null; readonly most: number }): ReactNode {
  if (took === null) return <Badge tone="late">not measured</Badge>
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      {seconds(took)} of {seconds(most)}
      {took > most && <Badge tone="bad">too long</Badge>}
    </span>
  )
}
