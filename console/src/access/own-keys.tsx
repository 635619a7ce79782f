import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { KeyTable } from '../people/key-table.tsx'
import { ownKeysQuery } from '../people/keys-api.ts'
import { useMay, useMe } from '../session.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Section } from '../ui/page.tsx'

/** Keys that somebody made who may not see keys any more: still to be seen, and ended, by their maker. Policy 4.3-a.2. */
export function OwnKeys(): ReactNode {
  const me = useMe()
  const seesAll = useMay('api-key.read')
  const { data, error, refetch } = useQuery({ ...ownKeysQuery, enabled: !seesAll && me.workspace !== null })
  const keys = data?.keys.filter(({ revokedAt }) => revokedAt === null) ?? []
  // Most people have none and never can: nothing is said to them.
  if (keys.length === 0 && error === null) return null
  return (
    <Section title="API keys that you made" lead="They may do no more than you may now.">
      {error === null ? (
        <KeyTable keys={keys} rotates={false} revokes="own" />
      ) : (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
    </Section>
  )
}
