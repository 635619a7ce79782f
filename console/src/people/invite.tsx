import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { OnceShown } from './once-shown.tsx'
import { peopleQuery } from './people-api.ts'
import { RoleChoice, type RoleWish } from './roles.tsx'

const USUAL: RoleWish = { role: 'agent', job: 'customer service' }

/** Invites a person: makes a link that is shown once and works once. */
export function Invite({ withOwner }: { readonly withOwner: boolean }): ReactNode {
  const [open, setOpen] = useState(false)
  const [email, setEmail] = useState('')
  const [wish, setWish] = useState(USUAL)
  const queries = useQueryClient()
  const invite = useMutation({
    mutationFn: () =>
      call('POST /api/people/invitations', {
        body: {
          email: email.trim(),
          role: wish.role,
          ...(wish.job === '' ? {} : { jobFunction: wish.job }),
        },
      }),
  })
  const close = (): void => {
    setOpen(false)
    setEmail('')
    setWish(USUAL)
    invite.reset()
    void queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
  }
  return (
    <>
      <Button
        weight="primary"
        icon="plus"
        onClick={() => {
          setOpen(true)
        }}
      >
        Invite
      </Button>
      <Dialog
        open={open}
        onClose={close}
        title={invite.data === undefined ? 'Invite a person' : 'Invitation link'}
        lasting={invite.isSuccess}
      >
        {invite.data === undefined ? (
          <form
            className="flex flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault()
              invite.mutate()
            }}
          >
            {invite.isError && <ProblemNotice error={invite.error} focus />}
            <TextField
              label="E-mail"
              type="email"
              required
              autoComplete="off"
              value={email}
              onChange={(event) => {
                setEmail(event.currentTarget.value)
              }}
            />
            <RoleChoice value={wish} onChoose={setWish} withOwner={withOwner} />
            <Button type="submit" weight="primary" busy={invite.isPending}>
              Make invitation link
            </Button>
          </form>
        ) : (
          <OnceShown what="invitation link" secret={invite.data.link} onDone={close}>
            Give this link to {email} yourself. It is shown only now, works once, and ends{' '}
            <Moment at={invite.data.expiresAt} />.
          </OnceShown>
        )}
      </Dialog>
    </>
  )
}
