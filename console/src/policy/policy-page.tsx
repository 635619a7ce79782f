import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { PolicyOverview } from '../contract/policy.ts'
import { policyQuery } from '../queries.ts'
import { buttonLook } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { ClauseList, StatusCounts } from './clause-list.tsx'
import { countsOf, worstFirst } from './counts.ts'
import { KindTable } from './kind-table.tsx'
import { isKept } from './status-mark.tsx'

/** The whole policy by status: what is not kept stands first. */
export function PolicyPage(): ReactNode {
  const policy = useQuery(policyQuery)
  return (
    <PageBody>
      <PageHead
        title="Policy"
        lead={
          policy.data !== undefined && (
            <>
              Version {policy.data.version}, published <Moment at={policy.data.publishedAt} />. Its sentences
              are the settings of this system.
            </>
          )
        }
      >
        <Link to="/policy/versions" className={buttonLook()}>
          Versions
        </Link>
        <Link to="/policy/findings" className={buttonLook()}>
          Findings
        </Link>
        <a href="/trust" className={buttonLook()}>
          Public page
        </a>
      </PageHead>
      <Loaded query={policy} what="the policy">
        {(data) => <Overview policy={data} />}
      </Loaded>
    </PageBody>
  )
}

function Overview({ policy }: { readonly policy: PolicyOverview }): ReactNode {
  const { clauses } = policy
  const open = worstFirst(clauses.filter(({ status }) => !isKept(status.word)))
  const kept = worstFirst(clauses.filter(({ status }) => isKept(status.word)))
  return (
    <>
      <StatusCounts counts={countsOf(clauses)} />
      <Section title="Not kept, or not proven" lead="The worst first. Silence is never shown as kept.">
        {open.length === 0 ? (
          <Empty title="Every promise is kept">
            Each clause is proven, attested or inherited at this moment. Checks go on.
          </Empty>
        ) : (
          <ClauseList clauses={open} label="Clauses that are not kept or not proven" />
        )}
      </Section>
      <Section title="Kept">
        {kept.length === 0 ? (
          <Empty title="Nothing is proven yet">
            The first checks run within minutes after a start. Open a clause to run its check now.
          </Empty>
        ) : (
          <ClauseList clauses={kept} label="Clauses that are kept" />
        )}
      </Section>
      <KindTable counts={policy.countsByKind} />
    </>
  )
}
