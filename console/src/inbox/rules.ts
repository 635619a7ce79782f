import { queryOptions, useQuery } from '@tanstack/react-query'
import { call } from '../api.ts'
import { useMay } from '../session.tsx'

/** The automatic replies of the workspace. */
export const rulesQuery = queryOptions({
  queryKey: ['rules'],
  queryFn: ({ signal }) => call('GET /inbox/rules', {}, { signal }),
})

/** The name of a rule; null when it is not known, was removed, or may not be seen. */
export function useRuleName(id: string | null): string | null {
  const may = useMay('rule.read')
  const { data } = useQuery({ ...rulesQuery, enabled: may && id !== null, staleTime: 60_000 })
  return data?.rules.find((rule) => rule.id === id)?.name ?? null
}
