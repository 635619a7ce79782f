import { useQuery } from '@tanstack/react-query'
import type { Wire } from '../contract/wire.ts'
import type { ConversationRow } from '../contract/inbox.ts'
import { peopleQuery } from '../people/people-api.ts'
import { useMay, useMe } from '../session.tsx'

/** Who holds a conversation, in words; a colleague's name only for those who may see the people. */
export function useHolder({ status, assignee }: Pick<Wire<ConversationRow>, 'status' | 'assignee'>): string {
  const me = useMe()
  const mayPeople = useMay('people.read')
  const { data } = useQuery({
    ...peopleQuery,
    enabled: mayPeople && status === 'human' && assignee !== null && assignee !== me.account?.id,
    staleTime: 300_000,
  })
  if (status === 'bot') return 'automatic'
  if (assignee === me.account?.id) return 'held by you'
  const name = data?.members.find(({ id }) => id === assignee)?.name
  return name === undefined || name === '' ? 'held by a colleague' : `held by ${name}`
}
