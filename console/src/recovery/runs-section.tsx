import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { BackupRun, Schedule } from '../contract/recovery.ts'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, Empty, Panel, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { bytesIn, seconds } from './amounts.ts'
import { ClauseLink } from './clause-link.tsx'
import { Progress } from './progress.tsx'
import { scheduleQuery } from './recovery-api.ts'
import { faultWords, PAUSE_REASONS } from './words.ts'

const RUNS_SHOWN = 8

/** What is made now, what is due next, and how the last ones went. Policy 6.1-a, 6.1-b. */
export function RunsSection(): ReactNode {
  const schedule = useQuery(scheduleQuery)
  return (
    <Section
      title="What is made, and when?"
      lead={
        <>
          A full backup and incrementals in between, by <ClauseLink id="6.1-a" /> and{' '}
          <ClauseLink id="6.1-b" />.
        </>
      }
    >
      <Loaded query={schedule} what="the runs">
        {(data) => <Runs of={data} />}
      </Loaded>
    </Section>
  )
}

function Runs({ of }: { readonly of: Schedule }): ReactNode {
  const running = of.runs.filter(({ state }) => state === 'running')
  const ended = of.runs.filter(({ state }) => state !== 'running').slice(0, RUNS_SHOWN)
  return (
    <>
      {of.paused !== null && (
        <Notice tone="late">
          <strong>The schedule is paused</strong>
          <p>
            For {PAUSE_REASONS[of.paused.reason as keyof typeof PAUSE_REASONS]}, since{' '}
            <Moment at={of.paused.since} />; it goes on <Moment at={of.paused.until} />.
          </p>
        </Notice>
      )}
      {running.map((run) => (
        <Running key={run.id} of={run} />
      ))}
      <p className="text-muted">
        {of.next.at === null ? (
          <>
            Due now: {of.next.kind === 'full' ? 'a full backup' : 'an incremental backup'}
            {of.paused === null ? ', which begins within a minute.' : ', once the schedule goes on.'}
          </>
        ) : (
          <>
            The next one is due <Moment at={of.next.at} />.
          </>
        )}
      </p>
      {ended.length === 0 ? (
        running.length === 0 && (
          <Empty title="No backup yet">The first one is made within minutes of the first start.</Empty>
        )
      ) : (
        <Table label="Last backups" columns={['Kind', 'Begun', 'Took', 'Stored', 'Outcome']}>
          {ended.map((run) => (
            <Ended key={run.id} of={run} />
          ))}
        </Table>
      )}
    </>
  )
}

function Running({ of: run }: { readonly of: BackupRun }): ReactNode {
  const rate = run.bytesPerSecond === null ? '' : `, ${bytesIn(run.bytesPerSecond)} a second`
  return (
    <Panel className="flex flex-col gap-2 p-4">
      <strong>{run.kind === 'full' ? 'A full backup' : 'An incremental backup'} is being made</strong>
      <Progress
        label="Backup"
        done={run.doneBytes}
        total={run.totalBytes}
        says={`${bytesIn(run.doneBytes)} read${rate}`}
        secondsLeft={run.secondsLeft}
      />
    </Panel>
  )
}

function Ended({ of: run }: { readonly of: BackupRun }): ReactNode {
  const took =
    run.finishedAt === null ? null : (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000
  return (
    <Row>
      <Cell of="Kind">
        {run.kind}
        {run.askedBy !== 'system' && <span className="block text-sm text-muted">asked for</span>}
      </Cell>
      <Cell of="Begun">
        <Moment at={run.startedAt} />
      </Cell>
      <Cell of="Took">{took === null ? 'not known' : seconds(took)}</Cell>
      <Cell of="Stored">{run.storedBytes === null ? 'nothing' : bytesIn(run.storedBytes)}</Cell>
      <Cell of="Outcome">
        {run.state === 'done' ? 'whole' : <Badge tone="bad">failed: {faultWords(run.code ?? 'error')}</Badge>}
      </Cell>
    </Row>
  )
}
