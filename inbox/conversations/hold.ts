import type { ServiceEvent } from '#client'
import type { InboxEventName } from '../audit/events.ts'
import type { Core } from '../core.ts'
import { announce } from '../db/changes.ts'
import { Problem } from '../kernel/problem.ts'
import { lockConversation, updateConversation, type ConversationRow } from './queries.ts'
import { unknownConversation } from './reply.ts'
import { asTenant } from '../db/tenant.ts'

/** Who changes which conversation. */
export interface HoldRequest {
  readonly workspace: string
  readonly conversation: string
  readonly actor: ServiceEvent['actor']
  readonly request: NonNullable<ServiceEvent['request']>
}

/** What happens to a conversation: its new state and the event it leaves. */
type Hold = (
  conversation: ConversationRow,
  actorId: string,
  now: Date,
) => { readonly set: Partial<ConversationRow>; readonly event: InboxEventName }

/** A person takes a conversation; also from another person. */
export const takeOver: Hold = (_, actorId) => ({
  set: { status: 'human', assignee: actorId },
  event: 'conversation.taken-over',
})

/** A conversation goes back to the rules; a machine's next answer says again that it is one. */
export const release: Hold = () => ({
  set: { status: 'bot', assignee: null, disclosed_at: null },
  event: 'conversation.released',
})

/** A conversation ends; the contact's next message opens a new one. */
export const close: Hold = () => ({
  set: { status: 'closed', waiting_since: null },
  event: 'conversation.closed',
})

/** Applies a hold; one that changes nothing leaves no event. A closed conversation is `resource.conflict`. */
export async function changeHold(core: Core, asked: HoldRequest, hold: Hold): Promise<void> {
  const { workspace, actor, request } = asked
  await asTenant(core.db, workspace, async (tx) => {
    const conversation = await lockConversation(tx, workspace, asked.conversation)
    if (conversation === undefined) throw unknownConversation()
    const now = core.clock.now()
    const { set, event } = hold(conversation, actor.id, now)
    const same = set.status === conversation.status && (set.assignee ?? null) === conversation.assignee
    if (same || (set.status === 'closed' && conversation.status === 'closed')) return
    if (conversation.status === 'closed')
      throw new Problem(
        'resource.conflict',
        'The conversation is closed; it opens again when the contact writes.',
      )
    await updateConversation(tx, workspace, conversation.id, { ...set, changed_at: now })
    await core.record(tx, {
      type: event,
      workspace,
      actor,
      request,
      target: { kind: 'conversation', id: conversation.id },
    })
    await announce(tx, { workspace, conversation: conversation.id, contact: conversation.contact_id })
  })
}
