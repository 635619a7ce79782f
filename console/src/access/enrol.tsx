import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading } from '../ui/page.tsx'
import { FactorSetup } from './factor-setup.tsx'

/** Sets up the second factor that nobody works without: secret, then one code as proof. Policy 3.1-0. */
export function Enrol({
  onDone,
}: {
  readonly onDone: (recoveryCodes: readonly string[]) => void
}): ReactNode {
  // One secret for one visit: asking again would make the one that was scanned useless.
  const { data, error, refetch } = useQuery({
    queryKey: ['enrol'],
    queryFn: () => call('POST /api/access/enrol', { body: { label: 'Authenticator app' } }),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const confirm = useMutation({
    mutationFn: (body: { factorId: string; code: string }) =>
      call('POST /api/access/enrol/confirm', { body }),
    onSuccess: ({ recoveryCodes }) => {
      onDone(recoveryCodes)
    },
  })
  if (error !== null)
    return (
      <ProblemNotice
        error={error}
        focus
        retry={() => {
          void refetch()
        }}
      />
    )
  if (data === undefined) return <Loading what="your secret" />
  return (
    <FactorSetup
      offer={data}
      busy={confirm.isPending}
      error={confirm.error}
      onCode={(code) => {
        confirm.mutate({ factorId: data.factorId, code })
      }}
    />
  )
}
