import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

const TABS = [
  ['/recovery', 'Backups'],
  ['/recovery/restores', 'Restores'],
  ['/recovery/drills', 'Drills'],
  ['/recovery/retention', 'Holds and removals'],
  ['/recovery/keys', 'Keys'],
  ['/recovery/keys/uses', 'Uses of keys'],
] as const

/** The pages about keys and recovery, one beside the other. */
export function RecoveryTabs(): ReactNode {
  return (
    <nav aria-label="Keys and recovery" className="-mb-2 border-b border-line">
      <ul className="flex flex-wrap gap-x-1">
        {TABS.map(([to, name]) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: true, includeSearch: false }}
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
