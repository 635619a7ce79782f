import type { ReactNode } from 'react'
import type { Wire } from '../api.ts'
import type { Channel } from '../contract/inbox.ts'
import { Choice, Tick } from '../ui/field.tsx'
import type { ConversationSearch } from './conversation-filter.ts'

const STATUSES = {
  waiting: 'Waiting for an answer',
  bot: 'Automatic',
  human: 'Held by a person',
  closed: 'Closed',
  all: 'All',
}

function merged(
  filter: ConversationSearch,
  change: { readonly [Name in keyof ConversationSearch]: ConversationSearch[Name] | undefined },
): ConversationSearch {
  return Object.fromEntries(
    Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined),
  )
}

/** Narrows the list of conversations. */
export function ConversationFilters({
  filter,
  channels,
  onChange,
}: {
  readonly filter: ConversationSearch
  readonly channels: readonly Wire<Channel>[]
  readonly onChange: (filter: ConversationSearch) => void
}): ReactNode {
  const channelChoices: Record<string, string> = {
    '': 'All channels',
    ...Object.fromEntries(channels.map(({ id, name }) => [id, name])),
  }
  return (
    <div role="group" aria-label="Filter conversations" className="grid grid-cols-2 items-center gap-2">
      <Choice
        quiet
        label="State"
        choices={STATUSES}
        value={filter.status ?? 'waiting'}
        onChoose={(status) => {
          onChange(merged(filter, { status: status === 'waiting' ? undefined : status }))
        }}
      />
      <Choice
        quiet
        label="Channel"
        choices={channelChoices}
        value={filter.channel ?? ''}
        onChoose={(channel) => {
          onChange(merged(filter, { channel: channel === '' ? undefined : channel }))
        }}
      />
      <Tick
        label="Held by me"
        checked={filter.mine === true}
        onChange={(event) => {
          onChange(merged(filter, { mine: event.currentTarget.checked ? true : undefined }))
        }}
      />
    </div>
  )
}
