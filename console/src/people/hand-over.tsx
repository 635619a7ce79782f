import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { meQuery } from '../queries.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { peopleQuery, type Member } from './people-api.ts'

/** Makes somebody else the owner, and the owner until then an admin, in one step. Policy 3.2-a. */
export function HandOver({
  to,
  onBack,
  onDone,
}: {
  readonly to: Member
  readonly onBack: () => void
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const go = useMutation({
    mutationFn: () => call('POST /api/people/:id/hand-over', { params: { id: to.id } }),
    onSuccess: async () => {
      onDone()
      announce(`${to.name} owns the workspace now`)
      await queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
      await queries.invalidateQueries({ queryKey: meQuery.queryKey })
    },
  })
  return (
    <div className="flex flex-col gap-4">
      {go.isError && <ProblemNotice error={go.error} focus />}
      <p>
        {to.name} becomes an owner, and you become an admin in the same step. Only an owner can undo this.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button
          weight="danger"
          busy={go.isPending}
          onClick={() => {
            go.mutate()
          }}
        >
          Hand the workspace over
        </Button>
        <Button onClick={onBack}>Back</Button>
      </div>
    </div>
  )
}
