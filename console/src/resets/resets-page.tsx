import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { NeedsElevation } from '../elevation/needs-elevation.tsx'
import { useMay } from '../session.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Empty, PageBody, PageHead } from '../ui/page.tsx'
import { NewReset } from './new-reset.tsx'
import { ResetTable } from './reset-table.tsx'
import { resetsQuery } from './resets-api.ts'

/** Resets of second factors for people who lost all of theirs: one asks, another one agrees. Policy 3.1-0. */
export function ResetsPage(): ReactNode {
  const may = useMay('account.reset')
  const resets = useQuery({ ...resetsQuery, enabled: may })
  return (
    <PageBody>
      <PageHead
        title="Resets of second factors"
        lead="For people who lost every second factor. One person asks, another one agrees, and the person concerned is told by every channel and can stop it. Whoever is privileged waits a day."
      >
        {may && <NewReset />}
      </PageHead>
      {!may && <NeedsElevation permission="account.reset" />}
      <Loaded query={resets} what="the resets">
        {(data) =>
          data.resets.length === 0 ? (
            <Empty title="No reset is under way">
              Make sure by another way, such as a call to a known number, that the person asks for it
              themselves.
            </Empty>
          ) : (
            <ResetTable rows={data.resets} />
          )
        }
      </Loaded>
    </PageBody>
  )
}
