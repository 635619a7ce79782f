import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { leaversQuery } from '../provisioning/provisioning-api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { peopleQuery, type Member } from './people-api.ts'

/** An act that says first what will happen. */
export type Step = 'hand-over' | 'remove' | 'terminate' | 'erase'

const DONE = {
  suspend: 'Suspended; their sessions and keys have ended',
  resume: 'Let in again; they sign in as before',
  reinstate: 'Let in again; the person was written to',
  'end-sessions': 'Their sessions have ended',
} as const

type Act = keyof typeof DONE

async function carryOut(act: Act, id: string): Promise<void> {
  const params = { id }
  if (act === 'suspend') await call('POST /api/people/:id/suspend', { params })
  else if (act === 'resume') await call('POST /api/people/:id/resume', { params })
  else if (act === 'reinstate') await call('POST /api/access/people/:id/reinstate', { params })
  else await call('POST /api/people/:id/end-sessions', { params })
}

/** What ends or interrupts a membership; what can be undone happens at once. Policy 3.2-c. */
export function MemberActs({
  of,
  owner,
  onStep,
  onDone,
}: {
  readonly of: Member
  /** Whether the person who acts owns the workspace. */
  readonly owner: boolean
  readonly onStep: (step: Step) => void
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const { data } = useQuery(leaversQuery)
  const left = data?.leavers.some(({ account }) => account === of.id) ?? false
  const suspended = of.suspendedAt !== null
  const go = useMutation({
    mutationFn: (act: Act) => carryOut(act, of.id),
    onSuccess: async (_, act) => {
      // Behind an open dialog nobody would hear it.
      onDone()
      announce(DONE[act])
      await queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
    },
  })
  const button = (act: Act, words: string): ReactNode => (
    <Button
      busy={go.isPending && go.variables === act}
      onClick={() => {
        go.mutate(act)
      }}
    >
      {words}
    </Button>
  )
  const step = (to: Step, words: string): ReactNode => (
    <Button
      weight={to === 'hand-over' ? 'plain' : 'danger'}
      onClick={() => {
        onStep(to)
      }}
    >
      {words}
    </Button>
  )
  return (
    <section aria-label="Access" className="flex flex-col gap-3 border-t border-line pt-4">
      <h3>Access</h3>
      {go.isError && <ProblemNotice error={go.error} focus />}
      <p className="text-sm text-muted">{suspended ? suspendedWords(left) : ACTIVE_WORDS}</p>
      <div className="flex flex-wrap gap-2">
        {!suspended && button('end-sessions', 'End sessions')}
        {!suspended && button('suspend', 'Suspend')}
        {suspended && button(left ? 'reinstate' : 'resume', 'Let in again')}
        {owner && !suspended && of.role !== 'owner' && step('hand-over', 'Hand the workspace over')}
        {step('remove', 'Remove')}
        {!(suspended && left) && step('terminate', 'Leaves for good')}
        {step('erase', 'Erase the account')}
      </div>
    </section>
  )
}

const ACTIVE_WORDS =
  'Suspending ends sessions and keys at once and keeps the place. Removing takes the membership. Whoever leaves for good loses everything, and each thing is tried afterwards. Erasing does that too, and then nobody can read any more whose account it was.'

function suspendedWords(left: boolean): string {
  return left
    ? 'This person left. Letting them in again gives back the membership, never an old key or session; a closed account opens by a letter.'
    : 'Suspended: no session and no key works. Letting them in again gives back the role, never an old key or session.'
}
