import type { ReactNode } from 'react'

/** A table (roles are said aloud because a changed `display` would drop them) that becomes a list of cards on a narrow screen; each cell names its column there. */
export function Table({
  label,
  columns,
  children,
}: {
  readonly label: string
  readonly columns: readonly string[]
  readonly children: ReactNode
}): ReactNode {
  return (
    <div className="overflow-hidden rounded-large border border-line bg-panel">
      <table role="table" className="block w-full tablet:table" aria-label={label}>
        <thead role="rowgroup" className="hidden tablet:table-header-group">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column}
                role="columnheader"
                scope="col"
                className={`border-b border-line px-4 py-2 text-sm text-muted ${column === 'Act' ? 'text-right' : 'text-left'}`}
              >
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="block tablet:table-row-group">
          {children}
        </tbody>
      </table>
    </div>
  )
}

/** A row of a table. */
export function Row({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <tr
      role="row"
      className="block border-b border-line px-4 py-3 last:border-b-0 tablet:table-row tablet:p-0 tablet:[&:not(:last-child)>td]:border-b"
    >
      {children}
    </tr>
  )
}

/** A cell; `of` repeats the column's name on a narrow screen. */
export function Cell({
  of,
  children,
  end = false,
}: {
  readonly of: string
  readonly children: ReactNode
  readonly end?: boolean
}): ReactNode {
  return (
    <td
      role="cell"
      className={`flex justify-between gap-4 border-line py-1 align-middle tablet:table-cell tablet:px-4 tablet:py-2.5 ${end ? 'tablet:text-right' : ''}`}
    >
      {!end && (
        <span aria-hidden="true" className="shrink-0 text-sm text-muted tablet:hidden">
          {of}
        </span>
      )}
      <span className={`min-w-0 text-right wrap-anywhere ${end ? 'ml-auto' : 'tablet:text-left'}`}>
        {children}
      </span>
    </td>
  )
}
