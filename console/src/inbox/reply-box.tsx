import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { TextArea } from '../ui/field.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { useRefusal } from './window-countdown.tsx'

const CHARACTERS_MAX = 4096

/** Writes an answer. Each answer has its own key, so that a second click or a retry never sends it twice. */
export function ReplyBox({ conversation }: { readonly conversation: ConversationRow }): ReactNode {
  const { id } = conversation
  const [text, setText] = useState('')
  const key = useRef(crypto.randomUUID())
  const box = useRef<HTMLTextAreaElement>(null)
  const queries = useQueryClient()
  const refusal = useRefusal(conversation)
  const send = useMutation({
    mutationFn: (written: string) =>
      call('POST /inbox/conversations/:id/reply', {
        params: { id },
        body: { text: written, key: key.current },
      }),
    onSuccess: async () => {
      key.current = crypto.randomUUID()
      setText('')
      announce('Reply accepted')
      box.current?.focus()
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['conversation', id] }),
        queries.invalidateQueries({ queryKey: ['conversations'] }),
      ])
    },
  })
  const ready = text.trim() !== '' && !send.isPending
  const submit = (): void => {
    if (ready) send.mutate(text.trim())
  }
  if (refusal !== null)
    return (
      <div className="border-t border-line bg-panel p-4">
        <Notice tone="late">
          <p>{refusal}</p>
        </Notice>
      </div>
    )
  return (
    <form
      className="flex flex-col gap-2 border-t border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      {send.isError && <ProblemNotice error={send.error} focus />}
      <TextArea
        quiet
        label="Reply"
        ref={box}
        value={text}
        maxLength={CHARACTERS_MAX}
        placeholder={
          conversation.status === 'bot'
            ? 'Write a reply; sending it takes the conversation over'
            : 'Write a reply'
        }
        readOnly={send.isPending}
        onChange={(event) => {
          setText(event.currentTarget.value)
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          submit()
        }}
      />
      <div className="flex items-center justify-between gap-3">
        <span className="text-sm text-muted">Ctrl Enter sends</span>
        <Button type="submit" weight="primary" busy={send.isPending} disabled={!ready}>
          Send reply
        </Button>
      </div>
    </form>
  )
}
