import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react'
import { StatusShape } from '../policy/status-mark.tsx'
import { policyQuery } from '../queries.ts'
import { useMe } from '../session.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icons.tsx'
import { foundIn, type Found } from './search.ts'

/** One box for every page, clause, request and rule of the firewall: `3.4`, “idle”, `942100`. */
export function SearchBox({
  open,
  onClose,
}: {
  readonly open: boolean
  readonly onClose: () => void
}): ReactNode {
  return (
    <Dialog open={open} onClose={onClose} title="Search">
      <Search onClose={onClose} />
    </Dialog>
  )
}

function Search({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { permissions } = useMe()
  const { data: policy } = useQuery({ ...policyQuery, enabled: permissions.includes('policy.read') })
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const id = useId()
  const found = foundIn(text, permissions, policy)
  const chosen = found[Math.min(at, found.length - 1)]

  const go = (to: Found): void => {
    onClose()
    if (to.kind === 'page') void navigate({ to: to.place.to })
    else if (to.kind === 'clause') void navigate({ to: '/policy/clause/$id', params: { id: to.clause.id } })
    else if (to.kind === 'rule') void navigate({ to: '/traffic/refused', search: { rule: to.rule } })
    else void navigate({ to: '/traffic/refused/$requestId', params: { requestId: to.requestId } })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0))
    else if (event.key === 'Enter' && chosen !== undefined) go(chosen)
    else return
    event.preventDefault()
  }
  return (
    <div className="flex flex-col gap-3">
      <input
        role="combobox"
        aria-label="Search pages and clauses"
        aria-expanded
        aria-controls={`${id}-found`}
        aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.key}`}
        placeholder="3.4, idle, audit…"
        value={text}
        autoComplete="off"
        spellCheck={false}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        className="tap w-full rounded-small border border-edge bg-panel px-3"
      />
      <ul id={`${id}-found`} role="listbox" aria-label="Found" className="flex flex-col">
        {found.map((one) => (
          <li
            key={one.key}
            id={`${id}-${one.key}`}
            role="option"
            aria-selected={one === chosen}
            onClick={() => {
              go(one)
            }}
            className="tap flex items-center gap-3 rounded-small px-2 py-1 hover:bg-sunk aria-selected:bg-tint"
          >
            <FoundOne of={one} />
          </li>
        ))}
      </ul>
      <p role="status" className="text-sm text-muted">
        {found.length === 0
          ? 'Nothing is found. Try a number such as 3.4 or a word of a sentence.'
          : `${found.length} found · Enter opens, Esc closes`}
      </p>
    </div>
  )
}

function FoundOne({ of }: { readonly of: Found }): ReactNode {
  if (of.kind === 'clause')
    return (
      <>
        <StatusShape word={of.clause.status.word} alone />
        <span className="w-16 shrink-0 font-strong">{of.clause.id}</span>
        <span className="line-clamp-1 min-w-0">{of.sentence}</span>
      </>
    )
  return (
    <>
      <Icon name={of.kind === 'page' ? of.place.icon : 'channel'} className="size-4 text-muted" />
      {of.kind === 'page' && of.place.name}
      {of.kind === 'rule' && `Requests that rule ${of.rule} objected to`}
      {of.kind === 'request' && `Why ${of.requestId} was refused`}
    </>
  )
}
