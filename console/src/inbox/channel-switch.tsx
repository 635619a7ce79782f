import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { Channel } from '../contract/inbox.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { channelsQuery } from './channels.ts'

/** Switches a channel off and on; off, it accepts and sends nothing. */
export function ChannelSwitch({ channel }: { readonly channel: Channel }): ReactNode {
  const off = channel.state === 'disabled'
  const queries = useQueryClient()
  const turn = useMutation({
    mutationFn: () => call('PUT /inbox/channels/:id', { params: { id: channel.id }, body: { enabled: off } }),
    onSuccess: async () => {
      announce(off ? `${channel.name} is on` : `${channel.name} is off`)
      await queries.invalidateQueries({ queryKey: channelsQuery.queryKey })
    },
  })
  return (
    <div className="flex flex-col items-start gap-2">
      <Button
        aria-label={`${off ? 'Switch on' : 'Switch off'} ${channel.name}`}
        busy={turn.isPending}
        onClick={() => {
          turn.mutate()
        }}
      >
        {off ? 'Switch on' : 'Switch off'}
      </Button>
      {turn.isError && <ProblemNotice error={turn.error} focus />}
    </div>
  )
}
