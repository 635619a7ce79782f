import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { PolicyVersion, SentenceChange } from '../contract/policy.ts'
import { Loaded } from '../ui/loaded.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { Badge, Empty, PageBody, PageHead, Panel } from '../ui/page.tsx'

const TONE = {
  stronger: 'accent',
  added: 'accent',
  weaker: 'late',
  removed: 'late',
  editorial: 'plain',
} as const
const CHANGES_SHOWN = 10

/** Every published version with what changed, sentence by sentence. Policy 14-a. */
export function VersionsPage(): ReactNode {
  const versions = useQuery({
    queryKey: ['policy', 'versions'],
    queryFn: ({ signal }) => call('GET /api/policy/versions', {}, { signal }),
  })
  return (
    <PageBody narrow>
      <PageHead
        title="Policy versions"
        lead="Each is signed and stands in the ledger. A version is published with surety policy publish."
      />
      <Loaded query={versions} what="the versions">
        {(data) => (
          <>
            {data.versions.length === 0 && (
              <Empty title="No version is published">The first start publishes version 1.</Empty>
            )}
            <ol className="flex flex-col gap-4">
              {data.versions.map((version) => (
                <li key={version.version}>
                  <Version version={version} />
                </li>
              ))}
            </ol>
          </>
        )}
      </Loaded>
    </PageBody>
  )
}

function Version({ version }: { readonly version: PolicyVersion }): ReactNode {
  return (
    <Panel className="flex flex-col gap-3 p-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="text-base">Version {version.version}</h2>
        <span className="text-sm text-muted">
          <Moment at={version.publishedAt} /> by {version.publishedBy}
        </span>
      </div>
      <p>{version.reason}</p>
      {version.changes.length === 0 ? (
        <p className="text-muted">No sentence changed.</p>
      ) : (
        <Changes changes={version.changes} />
      )}
    </Panel>
  )
}

function Changes({ changes }: { readonly changes: PolicyVersion['changes'] }): ReactNode {
  const [all, setAll] = useState(false)
  return (
    <>
      <ul className="flex flex-col gap-3">
        {changes.slice(0, all ? changes.length : CHANGES_SHOWN).map((change) => (
          <li key={change.place}>
            <Change change={change} />
          </li>
        ))}
      </ul>
      {changes.length > CHANGES_SHOWN && (
        <button
          type="button"
          className="tap self-start text-accent underline"
          onClick={() => {
            setAll(!all)
          }}
        >
          {all ? 'Show fewer' : `Show all ${changes.length} changes`}
        </button>
      )}
    </>
  )
}

function Change({ change }: { readonly change: SentenceChange }): ReactNode {
  return (
    <div className="flex flex-col gap-1">
      <p className="flex flex-wrap items-center gap-2">
        {change.clause === null ? (
          <strong>{change.place}</strong>
        ) : (
          <Link
            to="/policy/clause/$id"
            params={{ id: change.clause }}
            className="font-strong text-accent underline"
          >
            {change.clause}
          </Link>
        )}
        <Badge tone={TONE[change.direction]}>{change.direction}</Badge>
        {Date.parse(change.effectiveAt) > Date.now() && (
          <span className="text-sm text-late">in force on {exact(change.effectiveAt)}</span>
        )}
      </p>
      <p className="text-sm text-muted">{change.because}</p>
      {change.before !== null && (
        <p className="text-muted">
          <span className="sr-only">Before: </span>
          <del>{change.before}</del>
        </p>
      )}
      {change.after !== null && (
        <p>
          <span className="sr-only">After: </span>
          <ins className="no-underline">{change.after}</ins>
        </p>
      )}
    </div>
  )
}
