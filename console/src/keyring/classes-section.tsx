import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { KeyClass, KeyClasses } from '../contract/recovery.ts'
import { many } from '../recovery/amounts.ts'
import { ClauseLink } from '../recovery/clause-link.tsx'
import { WithCommands } from '../recovery/with-commands.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment, useNow } from '../ui/moment.tsx'
import { Badge, Empty, Panel, Section } from '../ui/page.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { Cell, Row, Table } from '../ui/table.tsx'
import { className, daysOf, dueAt, LATE_SHARE } from './key-words.ts'
import { classesQuery, keysOfClassQuery } from './keys-api.ts'

/** What is due next: classes of keys, the one whose time ends first on top; each opens to its keys. Policy 2.3-a.1. */
export function ClassesSection(): ReactNode {
  const classes = useQuery(classesQuery)
  return (
    <Section
      title="What must be replaced next?"
      lead={
        <>
          {classes.data !== undefined &&
            `The policy lets no key seal for longer than ${daysOf(classes.data.limitSeconds)}, in `}
          <ClauseLink id="2.3-a.1" />. With the keyboard: j and k move, Enter shows the keys.
        </>
      }
    >
      <Loaded query={classes} what="the classes of keys">
        {(data) => <Classes of={data} />}
      </Loaded>
    </Section>
  )
}

function Classes({ of }: { readonly of: KeyClasses }): ReactNode {
  const [open, setOpen] = useState<KeyClass | null>(null)
  const due = (one: KeyClass): string => dueAt(one, of.limitSeconds) ?? '9'
  const rows = of.classes.toSorted((a, b) => due(a).localeCompare(due(b)))
  const show = (one: KeyClass): void => {
    setOpen(one)
  }
  const keys = useRowKeys(rows, { Enter: show, o: show })
  return (
    <Panel>
      <ul aria-label="Classes of keys" onKeyDown={keys.onKeyDown}>
        {rows.map((one, at) => (
          <li
            key={one.name}
            {...keys.row(at)}
            className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 hover:bg-sunk focus-visible:-outline-offset-2"
          >
            <div className="min-w-0 flex-1 basis-72">
              <button
                type="button"
                tabIndex={-1}
                onClick={() => {
                  setOpen(one)
                }}
                className="text-left text-accent underline"
              >
                {className(one.name)}: {many(one.keys, 'key')}
              </button>
              <span className="block text-sm">{one.says}</span>
              <span className="block text-sm text-muted">
                <WithCommands text={one.how} />
              </span>
            </div>
            <span className="flex flex-col items-start gap-1 text-sm text-muted tablet:items-end">
              <Due of={one} limitSeconds={of.limitSeconds} />
              {one.oldestSince !== null && (
                <span>
                  oldest made <Moment at={one.oldestSince} />
                </span>
              )}
              {one.versions !== null && <span>{versionsIn(one.versions)}</span>}
            </span>
          </li>
        ))}
      </ul>
      <Dialog
        open={open !== null}
        onClose={() => {
          setOpen(null)
        }}
        title={open === null ? '' : className(open.name)}
      >
        {open !== null && <KeysOfClass of={open} />}
      </Dialog>
    </Panel>
  )
}

function versionsIn({ from, to }: NonNullable<KeyClass['versions']>): string {
  return from === to ? `version ${to}` : `versions ${from} to ${to}`
}

function Due({ of, limitSeconds }: { readonly of: KeyClass; readonly limitSeconds: number }): ReactNode {
  const now = useNow()
  const due = dueAt(of, limitSeconds)
  if (due === null) return <Badge>{of.aged ? 'none in use' : 'no age limit'}</Badge>
  const left = Date.parse(due) - now
  if (left <= 0)
    return (
      <span className="flex items-center gap-2">
        <Badge tone="bad">too old</Badge>
        was due <Moment at={due} />
      </span>
    )
  return (
    <span className="flex items-center gap-2">
      {left < (1 - LATE_SHARE) * limitSeconds * 1000 && <Badge tone="late">soon</Badge>}
      <span className="text-ink">
        due <Moment at={due} />
      </span>
    </span>
  )
}

function KeysOfClass({ of }: { readonly of: KeyClass }): ReactNode {
  const keys = useQuery(keysOfClassQuery(of.name))
  return (
    <Loaded query={keys} what="the keys">
      {(data) =>
        data.keys.length === 0 ? (
          <Empty title="No key is in use">One is made as soon as something needs it.</Empty>
        ) : (
          <div className="flex flex-col gap-3">
            <Table label={className(of.name)} columns={['Key', 'Version', 'Made']}>
              {data.keys.map((key) => (
                <Row key={`${key.name} ${key.version ?? ''}`}>
                  <Cell of="Key">{key.name}</Cell>
                  <Cell of="Version">{key.version ?? 'not numbered'}</Cell>
                  <Cell of="Made">
                    <Moment at={key.since} />
                  </Cell>
                </Row>
              ))}
            </Table>
            {data.more > 0 && <p className="text-muted">And {data.more.toLocaleString()} younger ones.</p>}
          </div>
        )
      }
    </Loaded>
  )
}
