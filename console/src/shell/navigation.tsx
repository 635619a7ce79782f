import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ChapterLinks } from '../policy/chapter-links.tsx'
import { useMe } from '../session.tsx'
import { Icon } from '../ui/icons.tsx'
import { PLACES, type Place } from './places.ts'
import { ThemeChoice } from './theme-choice.tsx'
import { AccountMenu } from './account-menu.tsx'
import { WorkspaceSwitcher } from './workspace-switcher.tsx'

const LINK =
  'tap flex items-center gap-2 rounded-small px-2 text-ink hover:bg-sunk data-[status=active]:bg-tint data-[status=active]:font-strong data-[status=active]:text-accent'

function PlaceLink({ place }: { readonly place: Place }): ReactNode {
  return (
    <li>
      <Link to={place.to} className={LINK}>
        <Icon name={place.icon} />
        {place.name}
      </Link>
    </li>
  )
}

/** Workspace, search, pages, and the policy's chapters, which are there on every page. */
export function Navigation({ onSearch }: { readonly onSearch: () => void }): ReactNode {
  const { permissions } = useMe()
  const shown = PLACES.filter((place) => permissions.includes(place.permission))
  return (
    <div className="flex min-h-full flex-col gap-4 p-3">
      <WorkspaceSwitcher />
      <button
        type="button"
        onClick={onSearch}
        className="tap flex items-center gap-2 rounded-small border border-edge/60 px-2 text-muted hover:bg-sunk"
      >
        <Icon name="search" className="size-4" />
        <span className="flex-1 text-left">Search</span>
        <kbd className="font-sans text-xs">Ctrl K</kbd>
      </button>
      <nav aria-label="Pages">
        <ul className="flex flex-col gap-0.5">
          {shown.map((place) => (
            <PlaceLink key={place.to} place={place} />
          ))}
        </ul>
      </nav>
      {permissions.includes('policy.read') && <ChapterLinks />}
      <div className="mt-auto flex flex-col gap-1 border-t border-line pt-3">
        <AccountMenu />
        <ThemeChoice />
      </div>
    </div>
  )
}
