import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Moment } from '../ui/moment.tsx'
import { OnceShown } from './once-shown.tsx'
import { peopleQuery } from './people-api.ts'
import { RoleChoice, type RoleWish } from './roles.tsx'

const USUAL: RoleWish = { role: 'agent', job: 'customer service' }

/** An invitation as it is shown once. */
interface Made {
  readonly email: string
  readonly link: string
  readonly expiresAt: string
}

/** Invites a person for a kind of work: makes a link that is shown once and works once. Policy 3.2-a. */
export function Invite({ withOwner }: { readonly withOwner: boolean }): ReactNode {
  const [made, setMade] = useState<Made | null>(null)
  const queries = useQueryClient()
  const dialog = useDialog(() => {
    setMade(null)
    void queries.invalidateQueries({ queryKey: peopleQuery.queryKey })
  })
  return (
    <DialogButton
      dialog={dialog}
      words="Invite"
      title={made === null ? 'Invite a person' : 'Invitation link'}
      weight="primary"
      icon="plus"
      lasting={made !== null}
    >
      {made === null ? (
        <InviteForm withOwner={withOwner} onMade={setMade} />
      ) : (
        <OnceShown what="invitation link" secret={made.link} onDone={dialog.close}>
          A letter with this link goes to {made.email}; you may also give it to them yourself. It is shown
          only now, works once, and ends <Moment at={made.expiresAt} />.
        </OnceShown>
      )}
    </DialogButton>
  )
}

function InviteForm({
  withOwner,
  onMade,
}: {
  readonly withOwner: boolean
  readonly onMade: (made: Made) => void
}): ReactNode {
  const [email, setEmail] = useState('')
  const [wish, setWish] = useState(USUAL)
  const invite = useMutation({
    mutationFn: async (to: string): Promise<Made> => {
      const work = wish.job === '' ? {} : { jobFunction: wish.job }
      const body = { email: to, role: wish.role, ...work }
      return { email: to, ...(await call('POST /api/people/invitations', { body })) }
    },
    onSuccess: onMade,
  })
  return (
    <Form
      error={invite.error}
      onSubmit={() => {
        invite.mutate(email.trim())
      }}
    >
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
    </Form>
  )
}
