import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import { call, type Reply } from '../api.ts'
import type { Wire } from '../contract/wire.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { EraseForGood } from '../ui/erase-for-good.tsx'
import { exact } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'

type Erased = Reply<'POST /api/contacts/:id/erase'>

/** Erases the contact of a conversation for good, and tells by when the last copy of what is gone. Policy 2.3-b. */
export function EraseContact({
  contact,
  onErased,
}: {
  readonly contact: Wire<ConversationRow>['contact']
  /** Nothing can be read of the conversation any more. */
  readonly onErased: () => void
}): ReactNode {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const erase = useMutation({
    mutationFn: () => call('POST /api/contacts/:id/erase', { params: { id: contact.id } }),
    onSuccess: () => {
      onErased()
      announce('Erased: nobody can read any more what was held of this person')
    },
  })
  const dialog = useDialog(() => {
    if (!erase.isSuccess) return
    void queries.invalidateQueries({ queryKey: ['conversations'] })
    void navigate({ to: '/inbox', search: true })
  })
  return (
    <DialogButton dialog={dialog} words="Erase this person" weight="danger">
      {erase.data === undefined ? (
        <EraseForGood erase={erase} back="Keep" onBack={dialog.close}>
          <p>
            The key of this person is destroyed. Name, number and every message, theirs and yours, in all
            their conversations are lost for good, in every backup too. Nobody can undo this.
          </p>
          <p className="text-sm text-muted">
            Entries of the audit log keep ids. Should this person write again, it is somebody new.
          </p>
        </EraseForGood>
      ) : (
        <Result of={erase.data} onDone={dialog.close} />
      )}
    </DialogButton>
  )
}

function Result({ of, onDone }: { readonly of: Erased; readonly onDone: () => void }): ReactNode {
  const done = useRef<HTMLButtonElement>(null)
  // The button that was pressed is gone.
  useEffect(() => {
    done.current?.focus()
  }, [])
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="good">
        <strong>
          {of.keyDestroyedAt === null ? 'The key is destroyed within a minute' : 'The key is destroyed'}
        </strong>
        <p>Nothing of this person opens any more. Their rows are removed within seconds.</p>
      </Notice>
      <ul className="list-disc pl-5 text-sm">
        <li>Copies of the keyring that may hold the key are gone by {exact(of.copiesGoneBy)}.</li>
        <li>
          Backups keep bytes that nobody can read until {exact(of.backupsGoneBy)}. Until then, whoever has one
          and the look-up key of this workspace can check a number that they know already.
        </li>
      </ul>
      <Button ref={done} weight="primary" onClick={onDone} className="self-start">
        Done
      </Button>
    </div>
  )
}
