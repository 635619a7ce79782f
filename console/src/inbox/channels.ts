import { queryOptions, useQuery } from '@tanstack/react-query'
import { call } from '../api.ts'
import type { Channel, ConversationRow } from '../contract/inbox.ts'
import { useMay } from '../session.tsx'

/** How the kinds of channels are called. */
export const CHANNEL_KINDS: Readonly<Record<Channel['kind'], string>> = {
  whatsapp: 'WhatsApp',
  webchat: 'Web chat',
}

/** The channels of the workspace with what is set for each. */
export const channelsQuery = queryOptions({
  queryKey: ['channels'],
  queryFn: ({ signal }) => call('GET /inbox/channels', {}, { signal }),
})

/** The channels of the workspace; undefined until they are known, or to somebody who may not see them. */
export function useChannels(): readonly Channel[] | undefined {
  const may = useMay('channel.read')
  const { data } = useQuery({ ...channelsQuery, enabled: may, staleTime: 60_000 })
  return data?.channels
}

/** The name of a conversation's channel; its kind while the name is not known. */
export function useChannelName({ id, kind }: ConversationRow['channel']): string {
  const name = useChannels()?.find((channel) => channel.id === id)?.name
  return name ?? CHANNEL_KINDS[kind]
}
