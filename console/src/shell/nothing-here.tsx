import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Empty, PageBody, PageHead } from '../ui/page.tsx'

/** An address that leads nowhere. */
export function NothingHere(): ReactNode {
  return (
    <PageBody narrow>
      <PageHead title="There is nothing here" />
      <Empty title="The address does not lead to a page">
        It may be mistyped, or what it showed was removed. Press Ctrl K to search for a page or a clause, or{' '}
        <Link to="/" className="text-accent underline">
          go to the start
        </Link>
        .
      </Empty>
    </PageBody>
  )
}
