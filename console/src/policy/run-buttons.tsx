import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import type { ClausePage } from '../contract/policy.ts'
import { useMay } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'

type Runs = Reply<'POST /api/policy/clauses/:id/check'>['runs']

/** Runs a clause's check, or its known-bad situation, now. Neither changes anything in the system. */
export function RunButtons({ clause }: { readonly clause: ClausePage }): ReactNode {
  const may = useMay('policy.check')
  const queries = useQueryClient()
  const { id } = clause
  const settled = async (runs: Runs): Promise<void> => {
    announce([...new Set(runs.map(wordsOf))].join(' '))
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['clause', id] }),
      queries.invalidateQueries({ queryKey: ['policy'] }),
    ])
  }
  const check = useMutation({
    mutationFn: () => call('POST /api/policy/clauses/:id/check', { params: { id } }),
    onSuccess: ({ runs }) => settled(runs),
  })
  const selfTest = useMutation({
    mutationFn: () => call('POST /api/policy/clauses/:id/self-test', { params: { id } }),
    onSuccess: ({ runs }) => settled(runs),
  })
  if (!may || clause.controls.length === 0) return null
  const error = check.error ?? selfTest.error
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        <Button
          weight="primary"
          busy={check.isPending}
          disabled={selfTest.isPending}
          onClick={() => {
            check.mutate()
          }}
        >
          Run check
        </Button>
        <Button
          busy={selfTest.isPending}
          disabled={check.isPending}
          onClick={() => {
            selfTest.mutate()
          }}
        >
          Run self-test
        </Button>
      </div>
      {error !== null && <ProblemNotice error={error} focus />}
    </div>
  )
}

/** The result in short; what a run saw stands in the history. */
function wordsOf(run: Runs[number]): string {
  if (run.kind === 'check') return run.asItShould ? 'Check passed.' : 'Check failed; the history says why.'
  return run.asItShould
    ? 'The check can fail, as it must.'
    : 'The self-test stayed green; this check proves nothing.'
}
