import { useEffect, useState, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { FilterButtons } from '../ui/filter.tsx'
import { parseRefusedFilter, type RefusedSearch } from './refused-filter.ts'
import { readRequestId } from './request-id.ts'

const OUTCOME_CHOICES = { '': 'All', blocked: 'Refused', 'would-block': 'Would be refused' }

/** Narrows the refused requests; the choice acts at once, typed values with Enter. */
export function RefusedFilterForm({
  filter,
  onChange,
}: {
  readonly filter: RefusedSearch
  readonly onChange: (filter: RefusedSearch) => void
}): ReactNode {
  const [rule, setRule] = useState('')
  const [at, setAt] = useState('')
  useEffect(() => {
    setRule(filter.rule?.toString() ?? '')
    setAt(filter.route ?? '')
  }, [filter])
  const apply = (change: object): void => {
    onChange(parseRefusedFilter({ ...filter, ...change }))
  }
  return (
    <form
      role="search"
      aria-label="Filter refused requests"
      className="grid grid-cols-2 items-end gap-3 tablet:grid-cols-4"
      onSubmit={(event) => {
        event.preventDefault()
        apply({ rule, route: at })
      }}
    >
      <Choice
        label="Outcome"
        choices={OUTCOME_CHOICES}
        value={filter.outcome ?? ''}
        onChoose={(outcome) => {
          apply({ rule, route: at, outcome })
        }}
      />
      <TextField
        label="Rule"
        placeholder="942100"
        inputMode="numeric"
        value={rule}
        onChange={(event) => {
          setRule(event.currentTarget.value.trim())
        }}
      />
      <TextField
        label="Route"
        placeholder="/api/people"
        value={at}
        onChange={(event) => {
          setAt(event.currentTarget.value.trim())
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

/** Leads from the request id that a visitor was shown to the reason. */
export function FindRefusal({ onFind }: { readonly onFind: (requestId: string) => void }): ReactNode {
  const [typed, setTyped] = useState('')
  const [fault, setFault] = useState<string | null>(null)
  return (
    <form
      role="search"
      aria-label="Find a request"
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        const requestId = readRequestId(typed)
        if (requestId === null) setFault('A request id looks like 0190b6c2-….')
        else onFind(requestId)
      }}
    >
      <div className="flex-1">
        <TextField
          label="Request id"
          placeholder="from the page a visitor saw"
          fault={fault}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value.trim())
            setFault(null)
          }}
        />
      </div>
      <Button type="submit">Why?</Button>
    </form>
  )
}
