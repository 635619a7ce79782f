import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openQueries } from './queries.ts'
import { openRouter } from './router.tsx'
import { goToSignIn } from './session-end.ts'
import './style.css'
import { applyTheme, storedTheme } from './theme.ts'
import { Announcements } from './ui/announce.tsx'

applyTheme(storedTheme())

const queries = openQueries(() => {
  void goToSignIn(router, queries)
})
const router = openRouter(queries)

const root = document.querySelector('#root')
if (root === null) throw new Error('the page has no #root')
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Announcements />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
