import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Calendar, CalendarBackup, CalendarDay } from '../contract/recovery.ts'
import { Icon, type IconName } from '../ui/icons.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { day as dayName, Moment, timeOfDay } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { Cell, Row, Table } from '../ui/table.tsx'
import { bytesIn, many } from './amounts.ts'
import { ClauseLink } from './clause-link.tsx'
import { calendarQuery } from './recovery-api.ts'

const DAY_SECONDS = 86_400

/** Every day that can come back, today first, and what the newest moment stands on. Policy 6.1-a, 6.1-b, 6.1-e. */
export function CalendarSection(): ReactNode {
  const calendar = useQuery(calendarQuery)
  return (
    <>
      <Section
        title="Which days can come back?"
        lead={
          <>
            Today first, in UTC. {calendar.data !== undefined && keptWords(calendar.data)}{' '}
            <ClauseLink id="6.1-e" />. With the keyboard: j and k move, Enter opens, Esc closes.
          </>
        }
      >
        <Loaded query={calendar} what="the calendar">
          {(data) => <Days of={data} />}
        </Loaded>
      </Section>
      {calendar.data !== undefined && calendar.data.chain.length > 0 && (
        <Section
          title="What does the newest backup stand on?"
          lead="A restore reads these one after the other, and then the log up to the moment that is wanted."
        >
          <Backups label="Chain of the newest backup" rows={calendar.data.chain} />
        </Section>
      )}
    </>
  )
}

function keptWords({ promised, days }: Calendar): string {
  const kept = Math.round(promised.keptSeconds / DAY_SECONDS)
  return days.length >= kept
    ? `Each day is kept for ${kept} days,`
    : `Each day is kept for ${kept} days; ${many(days.length, 'day')} so far,`
}

function Days({ of: { days, refused } }: { readonly of: Calendar }): ReactNode {
  const [open, setOpen] = useState<string | null>(null)
  const toggle = ({ day }: CalendarDay): void => {
    setOpen(open === day ? null : day)
  }
  const close = (): void => {
    setOpen(null)
  }
  const keys = useRowKeys(days, { Enter: toggle, o: toggle, Escape: close })
  const opened = days.find(({ day }) => day === open)
  if (days.length === 0)
    return <Empty title="No backup yet">The first one is made within minutes of the first start.</Empty>
  return (
    <>
      {refused > 0 && (
        <Notice tone="late">
          <strong>{many(refused, 'record')} of backups could not be read or was refused</strong>
          <p>
            A region may be away, or somebody changed it:{' '}
            <code className="font-mono">surety backup verify</code> names each.
          </p>
        </Notice>
      )}
      <ul
        aria-label="Days of backups"
        className="grid grid-cols-2 gap-2 tablet:grid-cols-4 desktop:grid-cols-5 wide:grid-cols-7"
        onKeyDown={keys.onKeyDown}
      >
        {days.map((one, at) => (
          <li key={one.day} {...keys.row(at)} className="rounded-small">
            <button
              type="button"
              tabIndex={-1}
              aria-expanded={open === one.day}
              onClick={() => {
                toggle(one)
              }}
              className={`flex h-full w-full flex-col gap-1 rounded-small border px-3 py-2 text-left hover:bg-sunk ${open === one.day ? 'border-accent bg-tint' : 'border-line bg-panel'}`}
            >
              <strong>{at === 0 ? 'Today' : dayName(one.day)}</strong>
              <DayState of={one} today={at === 0} />
            </button>
          </li>
        ))}
      </ul>
      {opened !== undefined && (
        <div className="flex flex-col gap-2" role="region" aria-label={`Backups of ${dayName(opened.day)}`}>
          <h3>{dayName(opened.day)}</h3>
          {opened.backups.length === 0 ? (
            <p className="text-muted">No backup began on this day.</p>
          ) : (
            <Backups label={`Backups of ${dayName(opened.day)}`} rows={opened.backups} />
          )}
        </div>
      )}
    </>
  )
}

function DayState({ of, today }: { readonly of: CalendarDay; readonly today: boolean }): ReactNode {
  const full = of.backups.filter(({ kind }) => kind === 'full').length
  const more = of.backups.length - full
  const lines: readonly (readonly [IconName, string, string])[] = [
    full > 0
      ? ['check', 'text-good', `${full} full`]
      : ['clock', today ? 'text-muted' : 'text-late', today ? 'no full yet' : 'no full'],
    ...(more > 0 ? ([['check', 'text-good', `${more} incremental`]] as const) : []),
    of.missing > 0
      ? ['warning', 'text-bad', `log: ${of.missing} missing`]
      : ['check', 'text-good', 'log without gap'],
  ]
  return (
    <span className="flex flex-col text-sm">
      {lines.map(([icon, ink, words]) => (
        <span key={words} className={`flex items-start gap-1 ${ink}`}>
          <Icon name={icon} className="mt-1 size-3.5" />
          {words}
        </span>
      ))}
    </span>
  )
}

function Backups({
  label,
  rows,
}: {
  readonly label: string
  readonly rows: readonly CalendarBackup[]
}): ReactNode {
  return (
    <Table label={label} columns={['Backup', 'Begun', 'Stored', 'Comes back as', 'In']}>
      {rows.map((one) => (
        <Row key={one.name}>
          <Cell of="Backup">
            {one.kind}
            <code className="block font-mono text-sm text-muted">{one.name}</code>
          </Cell>
          <Cell of="Begun">
            {timeOfDay(one.startedAt)}
            <span className="block text-sm text-muted">
              <Moment at={one.startedAt} />
            </span>
          </Cell>
          <Cell of="Stored">{bytesIn(one.bytes)}</Cell>
          <Cell of="Comes back as">{bytesIn(one.plainBytes)}</Cell>
          <Cell of="In">{one.regions.join(', ')}</Cell>
        </Row>
      ))}
    </Table>
  )
}
