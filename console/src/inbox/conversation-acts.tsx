import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Wire } from '../contract/wire.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'

type Act = 'takeover' | 'release' | 'close'

const DONE: Readonly<Record<Act, string>> = {
  takeover: 'You hold the conversation; automatic replies are silent',
  release: 'Released; automatic replies may answer again',
  close: 'Closed; it opens again when the contact writes',
}

/** Taking a conversation over, giving it back, closing it. */
export function ConversationActs({
  conversation,
}: {
  readonly conversation: Wire<ConversationRow>
}): ReactNode {
  const { id, status } = conversation
  const queries = useQueryClient()
  const act = useMutation({
    mutationFn: (which: Act) => {
      const input = { params: { id } }
      if (which === 'takeover') return call('POST /inbox/conversations/:id/takeover', input)
      if (which === 'release') return call('POST /inbox/conversations/:id/release', input)
      return call('POST /inbox/conversations/:id/close', input)
    },
    onSuccess: (_, which) => {
      announce(DONE[which])
    },
    // Also after a refusal: it mostly says that the state shown here is not the present one.
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['conversation', id] }),
        queries.invalidateQueries({ queryKey: ['conversations'] }),
      ]),
  })
  const busy = (which: Act): boolean => act.isPending && act.variables === which
  if (status === 'closed') return null
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        {status === 'bot' ? (
          <Button
            busy={busy('takeover')}
            onClick={() => {
              act.mutate('takeover')
            }}
          >
            Take over
          </Button>
        ) : (
          <Button
            busy={busy('release')}
            onClick={() => {
              act.mutate('release')
            }}
          >
            Release
          </Button>
        )}
        <Button
          busy={busy('close')}
          onClick={() => {
            act.mutate('close')
          }}
        >
          Close
        </Button>
      </div>
      {act.isError && <ProblemNotice error={act.error} focus />}
    </div>
  )
}
