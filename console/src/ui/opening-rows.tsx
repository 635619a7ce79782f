import type { ReactNode } from 'react'
import { Icon } from './icons.tsx'
import { Panel } from './page.tsx'
import { useOpenRow } from './row-keys.ts'

/** Rows with a button each, of which one at a time shows more of itself: by a press, or with j, k, Enter and Esc. */
export function OpeningRows<Item extends { readonly id: string }>({
  label,
  rows,
  mark,
  children,
  aside,
  details,
}: {
  /** What the list is called. */
  readonly label: string
  readonly rows: readonly Item[]
  /** What stands before a row; an arrow that tells whether it is open, unless given. */
  readonly mark?: (row: Item) => ReactNode
  /** What a closed row tells. */
  readonly children: (row: Item) => ReactNode
  /** What stands at the end of a row, such as its time. */
  readonly aside: (row: Item) => ReactNode
  /** What an open row tells besides. */
  readonly details: (row: Item) => ReactNode
}): ReactNode {
  const { isOpen, toggle, ...keys } = useOpenRow(rows)
  return (
    <Panel>
      <ul aria-label={label} onKeyDown={keys.onKeyDown}>
        {rows.map((one, at) => (
          <li
            key={one.id}
            {...keys.row(at)}
            className="lazy-row border-b border-line last:border-b-0 focus-visible:-outline-offset-2"
          >
            <button
              type="button"
              tabIndex={-1}
              aria-expanded={isOpen(one)}
              onClick={() => {
                toggle(one)
              }}
              className="flex w-full items-start gap-3 px-4 py-3 text-left hover:bg-sunk"
            >
              {mark?.(one) ?? (
                <Icon name={isOpen(one) ? 'down' : 'right'} className="mt-1 size-4 text-muted" />
              )}
              <span className="min-w-0 flex-1">{children(one)}</span>
              <span className="flex shrink-0 flex-col items-end gap-1 text-sm text-muted tablet:flex-row tablet:items-center tablet:gap-3">
                {aside(one)}
              </span>
            </button>
            {isOpen(one) && <div className="px-4 pt-1 pb-4 tablet:pl-11">{details(one)}</div>}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
