import { useEffect, useState, type ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { FilterButtons } from '../ui/filter.tsx'
import { parseEventFilter, type EventSearch } from './event-filter.ts'

const KINDS = {
  '': 'All kinds',
  authentication: 'Authentication',
  data: 'Data',
  administration: 'Administration',
  security: 'Security',
  system: 'System',
}
const LOGS = { '': 'This workspace', provider: 'The provider' }

/** Narrows the audit log; choices act at once, typed values with Enter. */
export function EventFilterForm({
  filter,
  onChange,
}: {
  readonly filter: EventSearch
  readonly onChange: (filter: EventSearch) => void
}): ReactNode {
  const [type, setType] = useState(filter.type ?? '')
  const [actor, setActor] = useState(filter.actor ?? '')
  const mayProvider = useMay('platform.audit')
  const mayOwn = useMay('audit.read')
  useEffect(() => {
    setType(filter.type ?? '')
    setActor(filter.actor ?? '')
  }, [filter])
  const apply = (change: object): void => {
    onChange(parseEventFilter({ ...filter, ...change }))
  }
  return (
    <form
      role="search"
      aria-label="Filter events"
      className="grid grid-cols-2 items-end gap-3 desktop:grid-cols-5"
      onSubmit={(event) => {
        event.preventDefault()
        apply({ type, actor })
      }}
    >
      {mayProvider && mayOwn && (
        <Choice
          label="Log of"
          choices={LOGS}
          value={filter.log ?? ''}
          onChoose={(log) => {
            apply({ log })
          }}
        />
      )}
      <Choice
        label="Kind"
        choices={KINDS}
        value={filter.kind ?? ''}
        onChoose={(kind) => {
          apply({ kind })
        }}
      />
      <TextField
        label="Type"
        placeholder="sign-in.completed"
        value={type}
        onChange={(event) => {
          setType(event.currentTarget.value.trim())
        }}
      />
      <TextField
        label="Actor id"
        value={actor}
        onChange={(event) => {
          setActor(event.currentTarget.value.trim())
        }}
      />
      <FilterButtons
        filter={filter}
        onClear={() => {
          onChange({})
        }}
      />
    </form>
  )
}
