import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Empty } from './page.tsx'

/** Ends a form that narrows a list: applies what is typed, and takes the filter back where there is one. */
export function FilterButtons({
  filter,
  onClear,
}: {
  readonly filter: object
  readonly onClear: () => void
}): ReactNode {
  return (
    <div className="flex gap-2">
      <Button type="submit">Filter</Button>
      {isNarrowed(filter) && (
        <Button weight="quiet" onClick={onClear}>
          Clear
        </Button>
      )}
    </div>
  )
}

/** An empty list, because of its filter; `what` completes “No … fits the filter”. */
export function NothingFits({
  what,
  onClear,
}: {
  readonly what: string
  readonly onClear: () => void
}): ReactNode {
  return (
    <Empty title={`No ${what} fits the filter`}>
      <Button onClick={onClear}>Clear the filter</Button>
    </Empty>
  )
}

/** Whether a filter leaves anything out. */
export function isNarrowed(filter: object): boolean {
  return Object.keys(filter).length > 0
}
