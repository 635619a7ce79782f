import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ApiProblem, call } from '../api.ts'
import { rolesQuery } from '../roles/roles-api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { peopleQuery, type Member } from './people-api.ts'
import { RoleChoice, type RoleWish } from './roles.tsx'

const DAY_MS = 86_400_000
const EXCEPTION_DAYS_MAX = 90
const FIRST_OFFER_DAYS = 30

function dateIn(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
}

/** Why a role is given for other work than it is for, and until when. */
interface Exception {
  readonly reason: string
  /** The last day, as a date field has it. */
  readonly until: string
}

async function give(of: Member, wish: RoleWish, exception: Exception | null): Promise<void> {
  const params = { id: of.id }
  const onlyWork = wish.role === of.role && wish.job !== (of.jobFunction ?? '') && of.roleUntil === null
  if (exception === null && onlyWork)
    return void (await call('POST /api/people/:id/job', { params, body: { jobFunction: wish.job } }))
  await call('POST /api/people/:id/role', {
    params,
    body: {
      role: wish.role,
      ...(wish.job === '' ? {} : { jobFunction: wish.job }),
      ...(exception === null
        ? {}
        : {
            exception: { reason: exception.reason.trim(), until: new Date(`${exception.until}T12:00:00Z`) },
          }),
    },
  })
}

/** Gives a member another role or other work; outside the map of jobs only by an exception with reason and end. Policy 3.2-a. */
export function MemberRole({
  of,
  withOwner,
  onDone,
}: {
  readonly of: Member
  readonly withOwner: boolean
  readonly onDone: () => void
}): ReactNode {
  const queries = useQueryClient()
  const [wish, setWish] = useState<RoleWish>({ role: of.role, job: of.jobFunction ?? '' })
  const [exception, setException] = useState<Exception | null>(null)
  const save = useMutation({
    mutationFn: () => give(of, wish, exception),
    onSuccess: async () => {
      onDone()
      announce('Changed; it holds everywhere within a second')
      await queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
      await queries.invalidateQueries({ queryKey: rolesQuery.queryKey })
      await queries.invalidateQueries({ queryKey: ['grant-history', of.id] })
    },
    onError: (error) => {
      if (error instanceof ApiProblem && error.code === 'access.outside-map' && wish.role !== 'owner')
        setException((before) => before ?? { reason: '', until: dateIn(FIRST_OFFER_DAYS) })
    },
  })
  const same = wish.role === of.role && wish.job === (of.jobFunction ?? '') && exception === null
  return (
    <Form error={save.error} onSubmit={save.mutate}>
      <RoleChoice
        value={wish}
        withOwner={withOwner}
        onChoose={(next) => {
          setWish(next)
          setException(null)
          save.reset()
        }}
      />
      {exception !== null && <ExceptionFields value={exception} onChange={setException} />}
      <Button type="submit" weight="primary" busy={save.isPending} disabled={same} className="self-start">
        {exception === null ? 'Save' : 'Save as an exception'}
      </Button>
    </Form>
  )
}

function ExceptionFields({
  value,
  onChange,
}: {
  readonly value: Exception
  readonly onChange: (next: Exception) => void
}): ReactNode {
  return (
    <fieldset className="flex flex-col gap-4 rounded-large border border-late/50 p-4">
      <legend className="px-1 font-strong">Exception</legend>
      <TextArea
        label="Reason"
        hint="At least 10 characters; every review shows it."
        required
        minLength={10}
        maxLength={500}
        value={value.reason}
        onChange={(event) => {
          onChange({ ...value, reason: event.currentTarget.value })
        }}
      />
      <TextField
        label="Until"
        hint="Within 90 days. From then on the role allows nothing."
        type="date"
        required
        min={dateIn(1)}
        max={dateIn(EXCEPTION_DAYS_MAX - 1)}
        value={value.until}
        onChange={(event) => {
          onChange({ ...value, until: event.currentTarget.value })
        }}
      />
    </fieldset>
  )
}
