import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

const TABS = [
  ['/traffic', 'Now'],
  ['/traffic/refused', 'Refused'],
  ['/traffic/exclusions', 'Exclusions'],
  ['/traffic/limits', 'Limits'],
  ['/traffic/block-list', 'Block list'],
] as const

/** The pages about traffic, one beside the other. */
export function GatewayTabs(): ReactNode {
  return (
    <nav aria-label="Traffic" className="-mb-2 border-b border-line">
      <ul className="flex flex-wrap gap-x-1">
        {TABS.map(([to, name]) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: to === '/traffic', includeSearch: false }}
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
