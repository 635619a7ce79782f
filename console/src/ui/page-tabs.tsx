import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** The pages of an area, one beside the other; a tab that is not `exact` also stands for the pages below its own. */
export function PageTabs({
  label,
  tabs,
}: {
  readonly label: string
  readonly tabs: readonly {
    readonly to: NonNullable<LinkProps['to']>
    readonly name: string
    readonly exact: boolean
  }[]
}): ReactNode {
  return (
    <nav aria-label={label} className="-mb-2 border-b border-line">
      <ul className="flex flex-wrap gap-x-1">
        {tabs.map(({ to, name, exact }) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact, includeSearch: false }}
              className="tap -mb-px flex items-center border-b-2 border-transparent px-3 text-muted hover:text-ink data-[status=active]:border-accent data-[status=active]:font-strong data-[status=active]:text-ink"
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
