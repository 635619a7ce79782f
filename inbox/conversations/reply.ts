import type { ServiceEvent } from '#client'
import { channelOf } from '../channels/queries.ts'
import { lockContact } from '../contacts/queries.ts'
import { ownVault } from '../contacts/resolve.ts'
import type { Core } from '../core.ts'
import { announce } from '../db/changes.ts'
import type { Database } from '../db/database.ts'
import { decide } from '../gate/decide.ts'
import type { GateVerdict } from '../gate/gate.ts'
import { Problem } from '../kernel/problem.ts'
import { messageByClientKey } from '../messages/queries.ts'
import { queueMessage } from '../outbox/queue-message.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import { conversationLine, lockConversation, updateConversation, type ConversationRow } from './queries.ts'
import { asTenant } from '../db/tenant.ts'

/** A person's answer. */
export interface PersonReply {
  readonly workspace: string
  readonly conversation: string
  readonly text: string
  /** Chosen by the client; the same key again is the same message. */
  readonly key: string
  readonly actor: ServiceEvent['actor']
  readonly request: NonNullable<ServiceEvent['request']>
}

type Outcome = { readonly messageId: string } | { readonly refused: GateVerdict }

/** Sends a person's answer through the gate; throws `gate.refused` with the verdict, whose record is kept. */
export async function reply(core: Core, given: PersonReply): Promise<string> {
  const outcome = await asTenant(core.db, given.workspace, (tx) => replyIn(core, tx, given))
  if ('messageId' in outcome) return outcome.messageId
  // Thrown after the commit, so that the decision stays on record.
  throw new Problem('gate.refused', `Not sent: ${outcome.refused.why}.`, { gate: outcome.refused.code })
}

async function replyIn(core: Core, tx: Database, given: PersonReply): Promise<Outcome> {
  const { workspace, text, key, actor, request } = given
  const line = await conversationLine(tx, workspace, given.conversation)
  if (line === undefined) throw unknownConversation()
  // Contact before conversation, in every transaction.
  const contact = await lockContact(tx, workspace, line.contact_id)
  const conversation = await lockConversation(tx, workspace, given.conversation)
  const channel = await channelOf(tx, workspace, line.channel_id)
  if (contact === undefined || conversation === undefined || channel === undefined)
    throw unknownConversation()
  const own = await ownVault(core, workspace, contact.id)
  if (own.erased) throw unknownConversation()
  const before = await repeated(tx, own, conversation.id, given)
  if (before !== null) return { messageId: before }
  if (conversation.status === 'closed')
    throw new Problem(
      'resource.conflict',
      'The conversation is closed; it opens again when the contact writes.',
    )
  const question = {
    own,
    channel,
    contact,
    conversation,
    author: 'person',
    rule: null,
    messageSeq: null,
  } as const
  const verdict = await decide(core, tx, question)
  if (!verdict.allow) return { refused: verdict }
  const messageId = await queueMessage(core, tx, {
    own,
    conversation,
    decisionId: verdict.decisionId,
    text,
    author: 'person',
    authorId: actor.id,
    ruleId: null,
    answersId: null,
    clientKey: key,
    actor,
    request,
  })
  if (messageId === null) throw new Error('a key that was free is taken although the conversation is locked')
  await answered(core, tx, conversation, given)
  await announce(tx, { workspace, conversation: conversation.id, contact: contact.id })
  return { messageId }
}

/** The message that the same key made before; `resource.conflict` when its text was another. */
async function repeated(
  tx: Database,
  own: PersonVault,
  conversation: string,
  { workspace, key, text }: PersonReply,
): Promise<string | null> {
  const before = await messageByClientKey(tx, workspace, conversation, key)
  if (before === undefined) return null
  if (before.body !== null && own.open(['message', 'body', before.id], before.body) === text) return before.id
  throw new Problem('resource.conflict', 'The key was used for another text.')
}

/** Who answers holds the conversation from now on: bot and person never both speak. */
async function answered(
  core: Core,
  tx: Database,
  conversation: ConversationRow,
  { actor, request }: PersonReply,
): Promise<void> {
  const taken = conversation.status === 'bot'
  await updateConversation(tx, conversation.workspace_id, conversation.id, {
    waiting_since: null,
    changed_at: core.clock.now(),
    ...(taken ? { status: 'human', assignee: actor.id } : {}),
  })
  if (taken)
    await core.record(tx, {
      type: 'conversation.taken-over',
      workspace: conversation.workspace_id,
      actor,
      request,
      target: { kind: 'conversation', id: conversation.id },
      details: { by: 'reply' },
    })
}

/** The refusal for an id that names nothing in this workspace, whether or not it does elsewhere. */
export function unknownConversation(): Problem {
  return new Problem('resource.unknown', 'No conversation of this workspace has this id.')
}
