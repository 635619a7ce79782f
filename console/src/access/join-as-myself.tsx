import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'

/** Accepts an invitation with the account that is signed in. */
export function JoinAsMyself({
  token,
  name,
  onJoined,
}: {
  readonly token: string
  readonly name: string
  readonly onJoined: () => void
}): ReactNode {
  const join = useMutation({
    mutationFn: () => call('POST /api/access/accept', { body: { token } }),
    onSuccess: onJoined,
  })
  return (
    <div className="flex flex-col gap-4">
      <p>You are signed in as {name}. The invitation has to be for this account’s address.</p>
      {join.isError && <ProblemNotice error={join.error} focus />}
      <Button
        weight="primary"
        busy={join.isPending}
        onClick={() => {
          join.mutate()
        }}
      >
        Join as {name}
      </Button>
    </div>
  )
}
