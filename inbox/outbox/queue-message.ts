import type { ServiceEvent } from '#client'
import type { Core } from '../core.ts'
import type { ConversationRow } from '../conversations/queries.ts'
import type { Database } from '../db/database.ts'
import { newId } from '../kernel/id.ts'
import { insertMessage } from '../messages/queries.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import { insertOutbox } from './queries.ts'

/** A message that the gate let pass. */
export interface QueuedMessage {
  /** The key of the contact. */
  readonly own: PersonVault
  readonly conversation: ConversationRow
  readonly decisionId: string
  readonly text: string
  readonly author: 'rule' | 'person'
  readonly authorId: string | null
  readonly ruleId: string | null
  readonly answersId: string | null
  readonly clientKey: string | null
  readonly actor?: ServiceEvent['actor']
  readonly request?: ServiceEvent['request']
}

/**
 * Stores an outgoing message with its decision and wakes the delivery, all in the caller's transaction. Null when the message it
 * answers has an answer, or the client's key was used.
 */
export async function queueMessage(
  core: Pick<Core, 'clock' | 'record' | 'enqueue'>,
  tx: Database,
  queued: QueuedMessage,
): Promise<string | null> {
  const { own, conversation, decisionId, text, author } = queued
  const { workspace_id, id: conversation_id, contact_id, channel_id } = conversation
  const id = newId(core.clock)
  const now = core.clock.now()
  const stored = await insertMessage(tx, {
    workspace_id,
    id,
    conversation_id,
    contact_id,
    channel_id,
    direction: 'out',
    author,
    author_id: queued.authorId,
    rule_id: queued.ruleId,
    answers_id: queued.answersId,
    client_key: queued.clientKey,
    type: 'text',
    body: own.seal(['message', 'body', id], text.toWellFormed()),
    gate_decision_id: decisionId,
    status: 'queued',
    sent_at: now,
    created_at: now,
  })
  if (!stored) return null
  const entry = { workspace_id, message_id: id, gate_decision_id: decisionId, next_at: now, created_at: now }
  await insertOutbox(tx, entry)
  await core.enqueue(tx, 'deliver', { workspace: workspace_id, message: id })
  await core.record(tx, {
    type: 'message.queued',
    workspace: workspace_id,
    ...(queued.actor === undefined ? {} : { actor: queued.actor }),
    ...(queued.request === undefined ? {} : { request: queued.request }),
    target: { kind: 'message', id },
    details: { conversation: conversation_id, author, rule: queued.ruleId, decision: decisionId },
  })
  return id
}
