import type { LookUp } from '#envelope'
import { openSettings } from '../channels/channel.ts'
import { isErasedMessage } from '../contacts/erasure-queries.ts'
import { insertConsent, type ContactRow } from '../contacts/queries.ts'
import { resolveContact } from '../contacts/resolve.ts'
import {
  insertConversation,
  lockOpenConversation,
  updateConversation,
  type ConversationRow,
} from '../conversations/queries.ts'
import type { Core } from '../core.ts'
import { announce } from '../db/changes.ts'
import type { Database } from '../db/database.ts'
import { decide } from '../gate/decide.ts'
import { newId } from '../kernel/id.ts'
import { insertMessage, lastFirings, wroteBefore } from '../messages/queries.ts'
import { queueMessage } from '../outbox/queue-message.ts'
import { chooseRule, type Rule } from '../rules/choose.ts'
import { consentWord } from '../rules/consent-words.ts'
import { openRule } from '../rules/content.ts'
import { rulesOf } from '../rules/queries.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import type { Incoming, IntakeScope } from './incoming.ts'

type IncomingMessage = Extract<Incoming, { is: 'message' }>

/** A message that was stored, with everything around it. */
interface Taken {
  readonly contact: ContactRow
  readonly own: PersonVault
  readonly conversation: ConversationRow
  readonly messageId: string
}

/** Stores a message once and lets the rules answer it, all in one transaction. */
export async function takeMessage(
  core: Core,
  tx: Database,
  at: IntakeScope,
  message: IncomingMessage,
): Promise<void> {
  const scope = { workspace: at.workspace, channel: at.channel.id, vault: at.vault }
  const provider = at.vault.lookUp('message.provider_id', message.providerId)
  // What the provider repeats of somebody who was erased brings nobody back.
  if (await isErasedMessage(tx, { ...scope, provider })) return
  const { contact, own } = await resolveContact(core, tx, scope, message)
  const conversation = await openConversation(core, tx, at, contact)
  const messageId = await storeMessage(core, tx, { ...at, own, provider }, conversation, message)
  if (messageId === null) return
  const current = await noteInbound(core, tx, conversation, message.sentAt)
  const taken = { contact, own, conversation: current, messageId }
  const said = message.text === null ? null : consentWord(message.text)
  if (said === null) await answer(core, tx, at, taken, message.text)
  else await noteConsent(core, tx, at, taken, said)
  await announce(tx, { workspace: at.workspace, conversation: conversation.id, contact: contact.id })
}

async function openConversation(
  core: Core,
  tx: Database,
  at: IntakeScope,
  contact: ContactRow,
): Promise<ConversationRow> {
  const of = { workspace: at.workspace, contact: contact.id, channel: at.channel.id }
  const open = await lockOpenConversation(tx, of)
  if (open !== undefined) return open
  const now = core.clock.now()
  const id = newId(core.clock)
  const made = await insertConversation(tx, {
    workspace_id: at.workspace,
    id,
    contact_id: contact.id,
    channel_id: at.channel.id,
    status: 'bot',
    opened_at: now,
    changed_at: now,
  })
  if (made === undefined) throw new Error('a contact that is locked got a conversation from elsewhere')
  await core.record(tx, {
    type: 'conversation.opened',
    workspace: at.workspace,
    target: { kind: 'conversation', id },
    details: { contact: contact.id, channel: at.channel.id },
  })
  return made
}

async function storeMessage(
  core: Core,
  tx: Database,
  {
    workspace,
    channel,
    own,
    provider,
  }: IntakeScope & { readonly own: PersonVault; readonly provider: LookUp },
  conversation: ConversationRow,
  message: IncomingMessage,
): Promise<string | null> {
  const id = newId(core.clock)
  const { text, type, sentAt } = message
  const stored = await insertMessage(tx, {
    workspace_id: workspace,
    id,
    conversation_id: conversation.id,
    contact_id: conversation.contact_id,
    channel_id: channel.id,
    direction: 'in',
    author: 'contact',
    type,
    body: text === null ? null : own.seal(['message', 'body', id], text.toWellFormed()),
    provider,
    status: 'received',
    sent_at: sentAt,
    created_at: core.clock.now(),
  })
  if (!stored) return null
  await core.record(tx, {
    type: 'message.received',
    workspace,
    target: { kind: 'message', id },
    details: { conversation: conversation.id, contact: conversation.contact_id, channel: channel.id, type },
  })
  return id
}

/** The provider's window counts from the contact's own send time, and never from the future or from an older message. */
async function noteInbound(
  core: Core,
  tx: Database,
  conversation: ConversationRow,
  sentAt: Date,
): Promise<ConversationRow> {
  const now = core.clock.now()
  const times = [Math.min(sentAt.getTime(), now.getTime()), conversation.last_inbound_at?.getTime() ?? 0]
  const change = {
    last_inbound_at: new Date(Math.max(...times)),
    waiting_since: conversation.waiting_since ?? now,
    changed_at: now,
  }
  await updateConversation(tx, conversation.workspace_id, conversation.id, change)
  return { ...conversation, ...change }
}

async function noteConsent(
  core: Core,
  tx: Database,
  { workspace, channel }: IntakeScope,
  { contact, messageId }: Taken,
  said: 'stopped' | 'started',
): Promise<void> {
  await insertConsent(tx, {
    workspace_id: workspace,
    channel_id: channel.id,
    contact_id: contact.id,
    state: said,
    message_id: messageId,
    at: core.clock.now(),
  })
  await core.record(tx, {
    type: said === 'stopped' ? 'contact.opted-out' : 'contact.opted-in',
    workspace,
    target: { kind: 'contact', id: contact.id },
    details: { channel: channel.id, message: messageId },
  })
}

async function answer(
  core: Core,
  tx: Database,
  at: IntakeScope,
  taken: Taken,
  text: string | null,
): Promise<void> {
  const rule = await ruleFor(core, tx, at, taken, text)
  if (rule === null) return
  const { contact, own, conversation, messageId } = taken
  const verdict = await decide(core, tx, {
    own,
    channel: at.channel,
    contact,
    conversation,
    author: 'rule',
    rule,
    messageSeq: null,
  })
  if (!verdict.allow) return
  const { disclosure } = openSettings(at.vault, at.channel)
  const discloses = disclosure !== null && conversation.disclosed_at === null
  const queued = await queueMessage(core, tx, {
    own,
    conversation,
    decisionId: verdict.decisionId,
    text: discloses ? `${disclosure}\n\n${rule.reply}` : rule.reply,
    author: 'rule',
    authorId: null,
    ruleId: rule.id,
    answersId: messageId,
    clientKey: null,
  })
  if (discloses && queued !== null)
    await updateConversation(tx, at.workspace, conversation.id, { disclosed_at: core.clock.now() })
}

async function ruleFor(
  core: Core,
  tx: Database,
  at: IntakeScope,
  { contact, messageId }: Taken,
  text: string | null,
): Promise<Rule | null> {
  const rows = (await rulesOf(tx, at.workspace)).filter((row) => row.enabled)
  if (rows.length === 0) return null
  const of = { workspace: at.workspace, contact: contact.id, channel: at.channel.id }
  const { chosen } = chooseRule(
    rows.map((row) => openRule(at.vault, row)),
    {
      channelId: at.channel.id,
      text,
      first: !(await wroteBefore(tx, of, messageId)),
      now: core.clock.now(),
      lastFired: await lastFirings(tx, at.workspace, contact.id),
    },
  )
  return chosen
}
