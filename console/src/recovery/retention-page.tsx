import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Certificate } from '../contract/recovery.ts'
import { Facts } from '../gateway/facts.tsx'
import { useMay } from '../session.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { OpeningRows } from '../ui/opening-rows.tsx'
import { Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { bytesIn, many } from './amounts.ts'
import { ClauseLink } from './clause-link.tsx'
import { HoldTable } from './hold-table.tsx'
import { NewHold } from './new-hold.tsx'
import { certificatesQuery, holdsQuery } from './recovery-api.ts'
import { RecoveryTabs } from './recovery-tabs.tsx'

/** What is kept beyond its age, and what says that the rest is gone. Policy 6.1-e. */
export function RetentionPage(): ReactNode {
  const may = useMay('recovery.hold')
  const holds = useQuery(holdsQuery)
  const certificates = useQuery(certificatesQuery)
  return (
    <PageBody>
      <PageHead
        title="Holds and removals"
        lead={
          <>
            Backups end by themselves, by <ClauseLink id="6.1-e" />. A hold keeps those of a case; a
            certificate says what is gone.
          </>
        }
      >
        {may && <NewHold />}
      </PageHead>
      <RecoveryTabs />
      <Section title="Kept for a case">
        <Loaded query={holds} what="the holds">
          {(data) =>
            data.holds.length === 0 ? (
              <Empty title="Nothing is held">
                {may
                  ? 'A hold keeps every backup of a span from removal until it is let go.'
                  : 'The security officer can hold backups for a case.'}
              </Empty>
            ) : (
              <HoldTable rows={data.holds} may={may} />
            )
          }
        </Loaded>
      </Section>
      <Section
        title="Certificates of removal"
        lead="Signed when a backup is removed from a region. With the keyboard: j and k move, Enter opens, Esc closes."
      >
        <Loaded query={certificates} what="the certificates">
          {(data) =>
            data.certificates.length === 0 ? (
              <Empty title="Nothing was removed yet">
                The first certificate appears when the oldest backup has reached its age.
              </Empty>
            ) : (
              <Certificates rows={data.certificates} />
            )
          }
        </Loaded>
      </Section>
    </PageBody>
  )
}

function Certificates({ rows }: { readonly rows: readonly Certificate[] }): ReactNode {
  return (
    <OpeningRows
      label="Certificates of removal"
      rows={rows}
      aside={(one) => <Moment at={one.removedAt} />}
      details={(one) => (
        <div className="flex flex-col items-start gap-3">
          <Facts
            facts={[
              ['Removed', exact(one.removedAt)],
              ['Kept for', `${Math.round(one.limitSeconds / 86_400)} days`],
              [
                'Fingerprint of its record',
                <code key="hash" className="font-mono">
                  {one.manifestHash}
                </code>,
              ],
            ]}
          />
          <CopyButton text={one.note} what="signed certificate" />
        </div>
      )}
    >
      {(one) => (
        <>
          <code className="font-mono wrap-anywhere">{one.backup}</code>
          <span className="block text-sm text-muted">
            {one.region} · {many(one.objects, 'object')}, {bytesIn(one.bytes)}
          </span>
        </>
      )}
    </OpeningRows>
  )
}
