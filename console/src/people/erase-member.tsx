import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { EraseForGood } from '../ui/erase-for-good.tsx'
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
    <EraseForGood erase={erase} back="Back" onBack={onBack}>
      <p>
        Sessions, keys and factors end at once. Then the key of {of.name} is destroyed and the account
        removed: name and address are lost for good, in every backup too. Entries of the audit log keep an id.
        Nobody can undo this.
      </p>
    </EraseForGood>
  )
}
