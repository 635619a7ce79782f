import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Empty, PageBody, PageHead } from '../ui/page.tsx'
import { KeyTable } from './key-table.tsx'
import { keysQuery } from './keys-api.ts'
import { NewApiKey } from './new-api-key.tsx'

/** Keys for programs: what each may do, until when, and how to replace or end it. Policy 4.3-a.2. */
export function ApiKeysPage(): ReactNode {
  const may = useMay('api-key.edit')
  const all = useQuery(keysQuery)
  return (
    <PageBody>
      <PageHead
        title="API keys"
        lead="For programs. A key may do no more than its scopes and than the person who made it."
      >
        {may && <NewApiKey scopes={all.data?.scopes ?? []} />}
      </PageHead>
      <Loaded query={all} what="the keys">
        {(data) => {
          const keys = data.keys.filter(({ revokedAt }) => revokedAt === null)
          return keys.length === 0 ? (
            <Empty title="No API keys">
              A program sends its key as “Authorization: Bearer sk_…”. Make one for each program, with the
              least scopes that it needs.
            </Empty>
          ) : (
            <KeyTable keys={keys} rotates={may} revokes={may ? 'any' : null} />
          )
        }}
      </Loaded>
    </PageBody>
  )
}
