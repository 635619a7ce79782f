import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Loading, PageBody, PageHead } from '../ui/page.tsx'
import { KeyTable } from './key-table.tsx'
import { keysQuery } from './keys-api.ts'
import { NewApiKey } from './new-api-key.tsx'

/** Keys for programs: what each may do, until when, and how to replace or end it. Policy 4.3-a.2. */
export function ApiKeysPage(): ReactNode {
  const may = useMay('api-key.edit')
  const { data, error, refetch } = useQuery(keysQuery)
  const keys = data?.keys.filter(({ revokedAt }) => revokedAt === null) ?? []
  return (
    <PageBody>
      <PageHead
        title="API keys"
        lead="For programs. A key may do no more than its scopes and than the person who made it."
      >
        {may && <NewApiKey scopes={data?.scopes ?? []} />}
      </PageHead>
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {data === undefined && error === null && <Loading what="the keys" />}
      {data !== undefined && keys.length === 0 && (
        <Empty title="No API keys">
          A program sends its key as “Authorization: Bearer sk_…”. Make one for each program, with the least
          scopes that it needs.
        </Empty>
      )}
      {keys.length > 0 && <KeyTable keys={keys} rotates={may} revokes={may ? 'any' : null} />}
    </PageBody>
  )
}
