import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { BuiltInRole } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { OnceShown } from './once-shown.tsx'
import { ROLE_NAMES } from './roles.tsx'

/** Invites a person: makes a link that is shown once and works once. */
export function Invite(): ReactNode {
  const [open, setOpen] = useState(false)
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<BuiltInRole>('agent')
  const queries = useQueryClient()
  const invite = useMutation({
    mutationFn: () => call('POST /api/people/invitations', { body: { email: email.trim(), role } }),
  })
  const close = (): void => {
    setOpen(false)
    setEmail('')
    invite.reset()
    void queries.invalidateQueries({ queryKey: ['people'] })
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
            <Choice label="Role" choices={ROLE_NAMES} value={role} onChoose={setRole} />
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
