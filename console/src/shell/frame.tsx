import { Dialog } from '@base-ui/react/dialog'
import { getRouteApi, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { StepUp } from '../access/step-up.tsx'
import { ElevationBanner } from '../elevation/elevation-banner.tsx'
import { NoRulesBanner } from '../gateway/no-rules-banner.tsx'
import { MeProvider } from '../session.tsx'
import { IconButton } from '../ui/button.tsx'
import { Navigation } from './navigation.tsx'
import { SearchBox } from './search-box.tsx'

const route = getRouteApi('/signed-in')

/** The frame around every page of a signed-in person: skip link, navigation, search. */
export function Frame(): ReactNode {
  const { me } = route.useRouteContext()
  const [searching, setSearching] = useState(false)
  const [menu, setMenu] = useState(false)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => {
    setMenu(false)
  }, [path])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setSearching(true)
      }
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
    }
  }, [])
  const search = (): void => {
    setMenu(false)
    setSearching(true)
  }
  return (
    <MeProvider initial={me}>
      <a
        href="#page"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-small focus:bg-accent focus:px-4 focus:py-2 focus:text-on-accent"
      >
        Skip to the page
      </a>
      <div className="flex min-h-dvh flex-col desktop:flex-row">
        <header className="sticky top-0 z-30 flex items-center justify-between border-b border-line bg-panel px-2 py-1 desktop:hidden">
          <IconButton
            icon="menu"
            label="Open navigation"
            aria-expanded={menu}
            onClick={() => {
              setMenu(true)
            }}
          />
          <span className="font-strong">Surety</span>
          <IconButton icon="search" label="Search" onClick={search} />
        </header>
        <aside
          aria-label="Sidebar"
          className="hidden w-64 shrink-0 border-r border-line bg-panel desktop:block"
        >
          <div className="sticky top-0 h-dvh overflow-y-auto">
            <Navigation onSearch={search} />
          </div>
        </aside>
        <main id="page" tabIndex={-1} className="min-w-0 flex-1">
          <NoRulesBanner />
          <ElevationBanner />
          <Outlet />
        </main>
      </div>
      <Dialog.Root open={menu} onOpenChange={setMenu}>
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-40 bg-veil" />
          <Dialog.Popup
            aria-label="Navigation"
            className="fixed inset-y-0 left-0 z-40 w-72 max-w-[85vw] overflow-y-auto border-r border-line bg-panel text-ink"
          >
            <Navigation onSearch={search} />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <StepUp />
      <SearchBox
        open={searching}
        onClose={() => {
          setSearching(false)
        }}
      />
    </MeProvider>
  )
}
