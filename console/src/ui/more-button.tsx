import type { ReactNode } from 'react'
import { Button } from './button.tsx'

/** What `MoreButton` needs of a list that comes page by page. */
interface Paged {
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  readonly fetchNextPage: () => Promise<unknown>
}

/** Fetches the next page of a list; gone once there is none. */
export function MoreButton({
  pages,
  className = 'self-center',
  children,
}: {
  readonly pages: Paged
  readonly className?: string
  readonly children: ReactNode
}): ReactNode {
  if (!pages.hasNextPage) return null
  return (
    <Button
      className={className}
      busy={pages.isFetchingNextPage}
      onClick={() => {
        void pages.fetchNextPage()
      }}
    >
      {children}
    </Button>
  )
}

/** Whether somebody has gone on beyond the first page: they read, and the list should not move by itself. */
export function isReadingOn(data: { readonly pages: readonly unknown[] } | undefined): boolean {
  return data !== undefined && data.pages.length > 1
}
