import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Drills, RestoreProof, Schedule, Standing } from '../contract/recovery.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Badge, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { seconds } from './amounts.ts'
import { ClauseLink } from './clause-link.tsx'
import { factsOf } from './proof-facts.ts'
import { drillsQuery, proofsQuery, scheduleQuery, standbyQuery } from './recovery-api.ts'

/** What is promised, in seconds: 4 hours to be back, 1 hour of changes, and a minute for the standby. */
const PROMISED = { back: 4 * 3600, lost: 3600, standby: 60 }

interface Measured {
  readonly what: string
  readonly clause: string
  /** Null before it was measured. */
  readonly took: number | null
  readonly promised: number
  readonly at: string | null
  readonly to: '/recovery/restores' | '/recovery' | '/recovery/drills'
  readonly none: string
}

/** The newest measurement of each promise beside the promise. Policy 6.2-a, 6.2-b, 6.2-d. */
export function MeasuredSection(): ReactNode {
  const proofs = useQuery(proofsQuery)
  const schedule = useQuery(scheduleQuery)
  const standby = useQuery(standbyQuery)
  const drills = useQuery(drillsQuery)
  return (
    <Section
      title="Would the promises be kept now?"
      lead="Each row is the newest measurement, at the present size of the data, and opens to where it was made."
    >
      <Loaded query={proofs} what="the measurements">
        {(data) => (
          <Table label="Promises" columns={['Promise', 'Measured', 'Allowed', 'When', 'Clause']}>
            {measured(data.proofs, drills.data, schedule.data, standby.data).map((one) => (
              <Row key={one.what}>
                <Cell of="Promise">{one.what}</Cell>
                <Cell of="Measured">
                  <Took of={one} />
                </Cell>
                <Cell of="Allowed">{seconds(one.promised)}</Cell>
                <Cell of="When">{one.at === null ? 'never' : <Moment at={one.at} />}</Cell>
                <Cell of="Clause">
                  <ClauseLink id={one.clause} />
                </Cell>
              </Row>
            ))}
          </Table>
        )}
      </Loaded>
    </Section>
  )
}

function Took({ of: { took, promised, to, none } }: { readonly of: Measured }): ReactNode {
  if (took === null) return <Badge tone="late">{none}</Badge>
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <Link to={to} className="text-accent underline">
        {seconds(took)}
      </Link>
      {took > promised ? <Badge tone="bad">too long</Badge> : <Badge>within it</Badge>}
    </span>
  )
}

function measured(
  proofs: readonly RestoreProof[],
  drills: Drills | undefined,
  schedule: Schedule | undefined,
  standby: Standing | undefined,
): readonly Measured[] {
  const passed = proofs.find((one) => one.passed)
  const drill = drills?.drills.find(({ figures }) => typeof figures?.servingSeconds === 'number')
  const lags = schedule?.lag.flatMap((one) => (one.seconds === null ? [] : [one.seconds])) ?? []
  const known = schedule?.lag.flatMap(({ recoverableTo }) => recoverableTo ?? []) ?? []
  const change = standby?.changes[0]
  return [
    {
      what: 'A lost database is back',
      clause: '6.2-a',
      took: drill?.figures?.servingSeconds ?? (passed === undefined ? null : factsOf(passed).seconds),
      promised: drills?.limits.recoverySeconds ?? PROMISED.back,
      at: drill?.endedAt ?? passed?.endedAt ?? null,
      to: drill === undefined ? '/recovery/restores' : '/recovery/drills',
      none: 'no backup came back yet',
    },
    {
      what: 'So much of the newest may be lost',
      clause: '6.2-b',
      took: lags.length === 0 ? null : Math.min(...lags),
      promised: drills?.limits.lossSeconds ?? PROMISED.lost,
      at: known.toSorted().at(-1) ?? null,
      to: '/recovery',
      none: 'nothing is archived yet',
    },
    {
      what: 'The standby takes over',
      clause: '6.2-d',
      took: change?.seconds ?? null,
      promised: PROMISED.standby,
      at: change?.writtenAt ?? null,
      to: '/recovery/drills',
      none: standby?.primary === null ? 'there is no standby' : 'never rehearsed',
    },
  ]
}
