import { useEffect, useState, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import type { EventSearch } from './event-filter.ts'

const KINDS = {
  '': 'All kinds',
  authentication: 'Authentication',
  data: 'Data',
  administration: 'Administration',
  security: 'Security',
  system: 'System',
}
const OUTCOMES = { '': 'All outcomes', success: 'Success', refused: 'Refused', failed: 'Failed' }

/** Narrows the audit log; choices act at once, typed values with Enter. */
export function EventFilterForm({
  filter,
  onChange,
}: {
  readonly filter: EventSearch
  readonly onChange: (filter: EventSearch) => void
}): ReactNode {
  const [typed, setTyped] = useState(filter)
  useEffect(() => {
    setTyped(filter)
  }, [filter])
  const apply = (next: EventSearch): void => {
    onChange(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== '')))
  }
  return (
    <form
      role="search"
      aria-label="Filter events"
      className="grid grid-cols-2 items-end gap-3 desktop:grid-cols-6"
      onSubmit={(event) => {
        event.preventDefault()
        apply(typed)
      }}
    >
      <Choice
        label="Kind"
        choices={KINDS}
        value={(filter.kind ?? '') as keyof typeof KINDS}
        onChoose={(kind) => {
          apply({ ...filter, kind })
        }}
      />
      <Choice
        label="Outcome"
        choices={OUTCOMES}
        value={(filter.outcome ?? '') as keyof typeof OUTCOMES}
        onChoose={(outcome) => {
          apply({ ...filter, outcome })
        }}
      />
      <TextField
        label="Type"
        placeholder="sign-in.completed"
        value={typed.type ?? ''}
        onChange={(event) => {
          setTyped({ ...typed, type: event.currentTarget.value.trim() })
        }}
      />
      <TextField
        label="Actor id"
        value={typed.actor ?? ''}
        onChange={(event) => {
          setTyped({ ...typed, actor: event.currentTarget.value.trim() })
        }}
      />
      <TextField
        label="Request id"
        value={typed.request ?? ''}
        onChange={(event) => {
          setTyped({ ...typed, request: event.currentTarget.value.trim() })
        }}
      />
      <div className="flex gap-2">
        <Button type="submit">Filter</Button>
        {Object.keys(filter).length > 0 && (
          <Button
            weight="quiet"
            onClick={() => {
              onChange({})
            }}
          >
            Clear
          </Button>
        )}
      </div>
    </form>
  )
}
