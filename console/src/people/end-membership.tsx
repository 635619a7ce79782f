import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import type { People } from '../contract/access.ts'
import { kindName, leaversQuery, seconds } from '../provisioning/provisioning-api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/field.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { peopleQuery, type Member } from './people-api.ts'

/** What came of a departure. */
type Departure = Reply<'POST /api/access/people/:id/terminate'>

/** Removes a member, or ends everything of somebody who leaves for good; says before what will happen. Policy 3.2-c. */
export function EndMembership({
  of,
  members,
  leaving,
  onBack,
  onDone,
}: {
  readonly of: Member
  readonly members: People['members']
  readonly leaving: boolean
  readonly onBack: () => void
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const [successor, setSuccessor] = useState('')
  const end = useMutation({
    mutationFn: async (): Promise<Departure | null> => {
      const params = { id: of.id }
      if (leaving)
        return call('POST /api/access/people/:id/terminate', {
          params,
          body: successor === '' ? {} : { successor },
        })
      await call('POST /api/people/:id/remove', { params })
      return null
    },
    onSuccess: async (departure) => {
      announce(leaving ? 'Everything of theirs has ended' : 'Removed; their sessions and keys have ended')
      if (departure === null) onDone()
      await queries.invalidateQueries({ queryKey: leaversQuery.queryKey })
      // The list changes only afterwards: this dialog stands in one of its rows.
      if (departure === null) await queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
    },
  })
  if (end.data !== undefined && end.data !== null)
    return (
      <Departed
        of={end.data}
        onDone={() => {
          onDone()
          void queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
        }}
      />
    )
  return (
    <div className="flex flex-col gap-4">
      {end.isError && <ProblemNotice error={end.error} focus />}
      <p>{leaving ? LEAVING : REMOVING}</p>
      {leaving && <Successor of={of} members={members} value={successor} onChoose={setSuccessor} />}
      <div className="flex flex-wrap gap-2">
        <Button
          weight="danger"
          busy={end.isPending}
          onClick={() => {
            end.mutate()
          }}
        >
          {leaving ? 'End everything now' : 'Remove'}
        </Button>
        <Button onClick={onBack}>Back</Button>
      </div>
    </div>
  )
}

const REMOVING =
  'Their sessions here and the keys they made end at once. Nothing they did is deleted. A new invitation lets them return.'
const LEAVING =
  'Access is refused at once. Every session, key, token and program of theirs ends, second factors go, and each of them is tried afterwards. If they belong nowhere else, the account is closed. They can be let in again later, with new credentials.'

function Successor({
  of,
  members,
  value,
  onChoose,
}: {
  readonly of: Member
  readonly members: People['members']
  readonly value: string
  readonly onChoose: (account: string) => void
}): ReactNode {
  const others = members.filter(({ id, suspendedAt }) => id !== of.id && suspendedAt === null)
  return (
    <Choice
      label="Who takes over"
      hint="What this person alone is responsible for goes to them. The last owner needs one."
      choices={{
        '': 'nobody in particular',
        ...Object.fromEntries(others.map(({ id, name }) => [id, name])),
      }}
      value={value}
      onChoose={onChoose}
    />
  )
}

/** What ended, and what answered when it was tried again. */
export function Departed({ of, onDone }: { readonly of: Departure; readonly onDone: () => void }): ReactNode {
  const tried = of.steps.reduce((sum, step) => sum + step.trials.length, 0)
  const refused = of.steps.reduce((sum, step) => sum + step.refused, 0)
  return (
    <div className="flex flex-col gap-4">
      <Notice tone={of.stillLive > 0 ? 'late' : 'good'}>
        <strong>{of.stillLive > 0 ? `${of.stillLive} things still worked` : 'Nothing works any more'}</strong>
        <p>
          Refused after {seconds(of.deniedAfterSeconds)}, everything ended after{' '}
          {seconds(of.finishedAfterSeconds)}; {refused} of {tried} tries were refused.
        </p>
      </Notice>
      <ul className="list-disc pl-5 text-sm text-muted">
        {of.steps
          .filter(({ ended }) => ended > 0)
          .map((step) => (
            <li key={step.kind}>
              {kindName(step.kind)}: {step.ended} ended
            </li>
          ))}
      </ul>
      <Button weight="primary" onClick={onDone} className="self-start">
        Done
      </Button>
    </div>
  )
}
