import type { ReactNode } from 'react'
import { RecoveryTabs } from '../recovery/recovery-tabs.tsx'
import { PageBody, PageHead } from '../ui/page.tsx'
import { ClassesSection } from './classes-section.tsx'
import { CopiesSection } from './copies-section.tsx'
import { RootSection } from './root-section.tsx'
import { RotationSection } from './rotation-section.tsx'

/** Every class of keys, how old it is, and when it must be replaced. Policy 2.2-d, 2.3-a.1, 2.3-a.2. */
export function KeysPage(): ReactNode {
  return (
    <PageBody>
      <PageHead
        title="Keys"
        lead="How old every key is, who keeps it, and when it must be replaced. No key is ever shown."
      />
      <RecoveryTabs />
      <ClassesSection />
      <RotationSection />
      <RootSection />
      <CopiesSection />
    </PageBody>
  )
}
