import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { EraseForGood } from '../ui/erase-for-good.tsx'
import { Section } from '../ui/page.tsx'

/** Erases the person's own account for good; the last owner of a workspace hands it over first. Policy 3.4-c. */
export function EraseAccount(): ReactNode {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const dialog = useDialog(() => {
    erase.reset()
  })
  const erase = useMutation({
    mutationFn: () => call('POST /api/access/account/erase', {}),
    onSuccess: async () => {
      announce('Your account is erased')
      await navigate({ to: '/sign-in', replace: true })
      queries.clear()
    },
  })
  return (
    <Section
      title="Erase your account"
      lead="Your sessions, keys and factors end, and the key to your name and address is destroyed, in every backup too."
    >
      <div>
        <DialogButton dialog={dialog} words="Erase my account" weight="danger">
          <EraseForGood erase={erase} back="Keep" onBack={dialog.close}>
            <p>
              You are signed out everywhere, and nobody can read any more whose account this was. Copies of
              the destroyed key are gone within seven days. Entries of the audit log keep an id. Nobody can
              undo this.
            </p>
          </EraseForGood>
        </DialogButton>
      </div>
    </Section>
  )
}
