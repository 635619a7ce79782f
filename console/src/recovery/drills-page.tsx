import type { ReactNode } from 'react'
import { PageBody, PageHead } from '../ui/page.tsx'
import { DrillsSection } from './drills-section.tsx'
import { MeasuredSection } from './measured-section.tsx'
import { RecoveryTabs } from './recovery-tabs.tsx'
import { StandbySection } from './standby-section.tsx'

/** What was rehearsed and how long it took, beside what the policy promises. Policy 6.2-a, 6.2-b, 6.2-d. */
export function DrillsPage(): ReactNode {
  return (
    <PageBody>
      <PageHead
        title="Drills"
        lead="What was rehearsed, how long it took, and what the policy allows. A rehearsal that could not run counts as failed."
      />
      <RecoveryTabs />
      <MeasuredSection />
      <DrillsSection />
      <StandbySection />
    </PageBody>
  )
}
