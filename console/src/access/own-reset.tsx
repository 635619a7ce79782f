import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'

const QUERY_KEY = ['own-reset']

/** Says that somebody asked to reset the person's second factors, when it takes effect, and how to stop it. Policy 3.1-0. */
export function OwnReset(): ReactNode {
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: QUERY_KEY,
    queryFn: ({ signal }) => call('GET /api/access/resets/own', {}, { signal }),
    refetchInterval: 60_000,
  })
  const stop = useMutation({
    mutationFn: () => call('POST /api/access/resets/own/cancel'),
    onSuccess: async () => {
      announce('The reset is stopped; your second factors stay')
      await queries.invalidateQueries({ queryKey: QUERY_KEY })
    },
  })
  if (error !== null)
    return (
      <ProblemNotice
        error={error}
        retry={() => {
          void refetch()
        }}
      />
    )
  const reset = data?.reset ?? null
  if (reset === null) return null
  return (
    <div role="alert" className="flex flex-col gap-3">
      {stop.isError && <ProblemNotice error={stop.error} focus />}
      <Notice tone="late">
        <strong>Somebody asked to reset your second factors</strong>
        <p>
          Asked <Moment at={reset.requestedAt} />.{' '}
          {reset.effectiveAt === null
            ? 'Nobody agreed yet.'
            : `It takes effect at ${exact(reset.effectiveAt)}: every second factor goes then, and every session ends.`}{' '}
          If that was not agreed with you, stop it and change your password.
        </p>
        <Button
          weight="danger"
          className="mt-2 self-start"
          busy={stop.isPending}
          onClick={() => {
            stop.mutate()
          }}
        >
          Stop the reset
        </Button>
      </Notice>
    </div>
  )
}
