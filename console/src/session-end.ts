import type { QueryClient } from '@tanstack/react-query'
import type { AppRouter } from './router.tsx'
import { meQuery } from './queries.ts'

const SIGNED_OUT_PAGES = ['/sign-in', '/welcome', '/recover']

/** A path of the console to come back to; anything that could lead elsewhere is dropped. */
export function safeReturn(path: unknown): string | undefined {
  return typeof path === 'string' && /^\/(?![/\\])[^\\]*$/.test(path) && !path.startsWith('/sign-in')
    ? path
    : undefined
}

/** Leads to sign-in once a session has ended; the page a person was on is remembered, its data is not. */
export async function goToSignIn(router: AppRouter, queries: QueryClient): Promise<void> {
  const here = router.state.location
  if (SIGNED_OUT_PAGES.some((page) => here.pathname.startsWith(page))) return
  const back = safeReturn(here.href)
  queries.removeQueries({ queryKey: meQuery.queryKey })
  const search = { ended: true, ...(back === undefined ? {} : { return: back }) }
  await router.navigate({ to: '/sign-in', search, replace: true })
  queries.clear()
}
