import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { NeedsElevation } from '../elevation/needs-elevation.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { ClauseLink } from './clause-link.tsx'
import { NewSandbox } from './new-sandbox.tsx'
import { ProofList } from './proof-list.tsx'
import { proofsQuery, sandboxesQuery } from './recovery-api.ts'
import { RecoveryTabs } from './recovery-tabs.tsx'
import { SandboxList } from './sandbox-list.tsx'

/** Backups that came back: for a look, behind an elevation, and as proofs by themselves. Policy 3.2-d, 6.1-a. */
export function RestoresPage(): ReactNode {
  const may = useMay('recovery.restore')
  const sandboxes = useQuery(sandboxesQuery)
  const proofs = useQuery(proofsQuery)
  return (
    <PageBody>
      <PageHead
        title="Restores"
        lead="A backup is worth what comes back from it. Nothing here touches the live database."
      >
        {may && <NewSandbox />}
      </PageHead>
      <RecoveryTabs />
      <Section
        title="Restored for a look"
        lead="A database of its own, without mail, web hooks and application, on a private socket of the machine; removed after a day."
      >
        {!may && <NeedsElevation permission="recovery.restore" />}
        <Loaded query={sandboxes} what="the sandboxes">
          {(data) =>
            data.sandboxes.length === 0 ? (
              <Empty title="Nothing was restored for a look">
                {may
                  ? 'Restore the newest moment, or one of the past, to see what was there.'
                  : 'Whoever is elevated for it can restore a moment here.'}
              </Empty>
            ) : (
              <SandboxList rows={data.sandboxes} may={may} />
            )
          }
        </Loaded>
      </Section>
      <Section
        title="Did the last backups come back?"
        lead={
          <>
            After every full backup, and any backup once a week, for <ClauseLink id="6.1-a" />. With the
            keyboard: j and k move, Enter shows the steps, Esc closes.
          </>
        }
      >
        <Loaded query={proofs} what="the proofs">
          {(data) =>
            data.proofs.length === 0 ? (
              <Empty title="No backup was tried yet">
                The newest full backup is restored within ten minutes after it is made, as a proof.
              </Empty>
            ) : (
              <ProofList rows={data.proofs} />
            )
          }
        </Loaded>
      </Section>
    </PageBody>
  )
}
