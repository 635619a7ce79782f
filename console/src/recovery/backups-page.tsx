import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, type ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { PageBody, PageHead } from '../ui/page.tsx'
import { BackupNow } from './backup-now.tsx'
import { CalendarSection } from './calendar-section.tsx'
import { LagSection } from './lag-section.tsx'
import { PauseBackups, ResumeBackups } from './pause-backups.tsx'
import { calendarQuery, scheduleQuery, storedQuery } from './recovery-api.ts'
import { RecoveryTabs } from './recovery-tabs.tsx'
import { RunsSection } from './runs-section.tsx'
import { StoredSection } from './stored-section.tsx'

/** Backups: how far each region is behind, what runs, and every day that can come back. Policy 6.1-a to 6.1-e, 6.2-b. */
export function BackupsPage(): ReactNode {
  const may = useMay('recovery.change')
  const { data } = useQuery(scheduleQuery)
  useNewBackups(data?.runs.find(({ state }) => state === 'done')?.id)
  return (
    <PageBody>
      <PageHead title="Backups" lead="What can come back, from where, and how much would be missing.">
        {may && data !== undefined && (
          <>
            <BackupNow incremental={data.capabilities.incremental} />
            {data.paused === null ? <PauseBackups /> : <ResumeBackups paused={data.paused} />}
          </>
        )}
      </PageHead>
      <RecoveryTabs />
      <LagSection />
      <RunsSection />
      <CalendarSection />
      <StoredSection />
    </PageBody>
  )
}

/** Asks anew what is stored when a backup has become whole. */
function useNewBackups(newest: string | undefined): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (newest === undefined) return
    void queries.invalidateQueries({ queryKey: calendarQuery.queryKey })
    void queries.invalidateQueries({ queryKey: storedQuery.queryKey })
  }, [newest, queries])
}
