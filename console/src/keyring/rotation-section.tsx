import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { RotationStatus } from '../contract/recovery.ts'
import { many } from '../recovery/amounts.ts'
import { Progress } from '../recovery/progress.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment, useNow } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Empty, Panel, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { className, ownerName } from './key-words.ts'
import { rotationQuery } from './keys-api.ts'

type Run = RotationStatus['runs'][number]

/** Stored values on their way under the newest keys, and versions that still open some. Policy 2.3-a.1. */
export function RotationSection(): ReactNode {
  const status = useQuery(rotationQuery)
  return (
    <Section
      title="Is a rotation under way?"
      lead="After a key is replaced, stored values move under the new one in the background; the old version is destroyed when nothing needs it."
    >
      <Loaded query={status} what="the rotation">
        {(data) => <Status of={data} />}
      </Loaded>
    </Section>
  )
}

function Status({ of: { runs, older } }: { readonly of: RotationStatus }): ReactNode {
  const underWay = runs.filter(({ finishedAt }) => finishedAt === null)
  const unreadable = runs.reduce((sum, run) => sum + run.unreadable, 0)
  return (
    <>
      {unreadable > 0 && (
        <Notice tone="late">
          <strong>{many(unreadable, 'value')} could not be opened</strong>
          <p>They stay as they are, and so does the version of the key that may open them.</p>
        </Notice>
      )}
      {underWay.length > 0 && (
        <Panel className="flex flex-col gap-4 p-4">
          {underWay.map((run) => (
            <Moving key={run.store} of={run} />
          ))}
        </Panel>
      )}
      {older.length > 0 && <Older of={older} />}
      {underWay.length === 0 && older.length === 0 && (
        <Empty title="No rotation is under way">
          Every stored value is sealed, and looked up, with the newest version of its key.
        </Empty>
      )}
    </>
  )
}

function Moving({ of: run }: { readonly of: Run }): ReactNode {
  const elapsed = Math.max(1, (useNow() - Date.parse(run.startedAt)) / 1000)
  const left = run.nextBlock === 0 ? null : (elapsed / run.nextBlock) * (run.blocks - run.nextBlock)
  const rate = Math.round(run.moved / elapsed)
  return (
    <div>
      <p>
        <code className="font-mono wrap-anywhere">{run.store}</code>, begun <Moment at={run.startedAt} />
      </p>
      <Progress
        label={`Values of ${run.store}`}
        done={run.nextBlock}
        total={run.blocks}
        says={`${many(run.moved, 'value')} moved, ${rate.toLocaleString()} a second`}
        secondsLeft={left}
      />
    </div>
  )
}

function Older({ of: older }: { readonly of: RotationStatus['older'] }): ReactNode {
  return (
    <Table
      label="Older versions"
      columns={['Whose', 'Keys', 'Version', 'Replaced', 'Still to move', 'Stay under it', 'Unused']}
    >
      {older.map((one) => (
        <Row key={`${one.tenant} ${one.class} ${one.version}`}>
          <Cell of="Whose">{ownerName(one.tenant)}</Cell>
          <Cell of="Keys">
            {className(one.class)}
            {one.class === 'person' && `, ${many(one.keys, 'key')}`}
          </Cell>
          <Cell of="Version">{one.version}</Cell>
          <Cell of="Replaced">
            <Moment at={one.replacedAt} />
          </Cell>
          <Cell of="Still to move">{many(one.values, 'value')}</Cell>
          <Cell of="Stay under it">{many(one.fixed, 'value')}</Cell>
          <Cell of="Unused">
            {one.unusedSince === null ? (
              'still used'
            ) : (
              <>
                for <Moment at={one.unusedSince} bare />
              </>
            )}
          </Cell>
        </Row>
      ))}
    </Table>
  )
}
