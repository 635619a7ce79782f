import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { peopleQuery, type Member } from './people-api.ts'

/** Erases the account of a member who belongs to this workspace alone; says before what will happen. Policy 3.2-0. */
export function EraseMember({
  of,
  onBack,
  onDone,
}: {
  readonly of: Member
  readonly onBack: () => void
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const erase = useMutation({
    mutationFn: () => call('POST /api/people/:id/erase', { params: { id: of.id } }),
    onSuccess: async () => {
      onDone()
      announce('The account is erased; nobody can read any more whose it was')
      await queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
    },
  })
  return (
    <div className="flex flex-col gap-4">
      {erase.isError && <ProblemNotice error={erase.error} focus />}
      <p>
        Sessions, keys and factors end at once. Then the key of {of.name} is destroyed and the account
        removed: name and address are lost for good, in every backup too. Entries of the audit log keep an id.
        Nobody can undo this.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button
          weight="danger"
          busy={erase.isPending}
          onClick={() => {
            erase.mutate()
          }}
        >
          Erase for good
        </Button>
        <Button onClick={onBack}>Back</Button>
      </div>
    </div>
  )
}
