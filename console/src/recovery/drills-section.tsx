import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Drill, Drills } from '../contract/recovery.ts'
import { useMay } from '../session.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Icon, Spinner } from '../ui/icons.tsx'
import { Moment, useNow } from '../ui/moment.tsx'
import { OpeningRows } from '../ui/opening-rows.tsx'
import { Badge, Empty, Section } from '../ui/page.tsx'
import { ClauseLink } from './clause-link.tsx'
import { DrillDetails } from './drill-details.tsx'
import { DRILL_REASONS, DRILL_TYPES } from './drill-words.ts'
import { NewDrill } from './new-drill.tsx'
import { drillsQuery } from './recovery-api.ts'

/** Drills in the order of time, each with its points, figures and signatures. Policy 6.2-a, 6.2-c. */
export function DrillsSection(): ReactNode {
  const drills = useQuery(drillsQuery)
  const may = useMay('recovery.change')
  return (
    <Section
      title="What was rehearsed?"
      lead={
        <>
          After every full backup and on game days, for <ClauseLink id="6.2-c" />. With the keyboard: j and k
          move, Enter shows the points, Esc closes.
        </>
      }
      aside={may && <NewDrill />}
    >
      <Loaded query={drills} what="the drills">
        {(data) => (
          <>
            <GameDay of={data} />
            {data.drills.length === 0 ? (
              <Empty title="No drill yet">The first one follows the first full backup by itself.</Empty>
            ) : (
              <DrillList of={data} />
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}

function GameDay({ of: { gameDay } }: { readonly of: Drills }): ReactNode {
  const open = Date.parse(gameDay.opensAt) <= useNow()
  const type = DRILL_TYPES[gameDay.type]
  return (
    <p className="text-muted">
      {open ? 'The next game day is open since ' : 'The next game day opens '}
      <Moment at={gameDay.opensAt} />: {type}. People sign it.
    </p>
  )
}

function DrillList({ of }: { readonly of: Drills }): ReactNode {
  return (
    <OpeningRows
      label="Drills"
      rows={of.drills}
      mark={(one) => <State of={one} />}
      aside={(one) => (
        <>
          {one.state === 'failed' && <Badge tone="bad">failed</Badge>}
          {one.signOffs.length > 0 && <Badge>signed</Badge>}
          <Moment at={one.beganAt} />
        </>
      )}
      details={(one) => <DrillDetails of={one} limits={of.limits} />}
    >
      {(one) => (
        <>
          <span className="block">
            {DRILL_TYPES[one.type as keyof typeof DRILL_TYPES]}, {DRILL_REASONS[one.reason] ?? one.reason}
          </span>
          <span className="block text-sm text-muted wrap-anywhere">{one.says ?? 'under way'}</span>
        </>
      )}
    </OpeningRows>
  )
}

function State({ of: { state } }: { readonly of: Drill }): ReactNode {
  if (state === 'running') return <Spinner className="mt-1 size-4 text-muted" />
  return (
    <Icon
      name={state === 'passed' ? 'check' : 'warning'}
      className={`mt-1 size-4 ${state === 'passed' ? 'text-good' : 'text-bad'}`}
    />
  )
}
