import { openSecret } from '../channels/channel.ts'
import { breakChannel, channelOf, type ChannelRow } from '../channels/queries.ts'
import { identitiesOf, lockContact } from '../contacts/queries.ts'
import { ownVault } from '../contacts/resolve.ts'
import { lockConversation } from '../conversations/queries.ts'
import type { Core } from '../core.ts'
import { announce } from '../db/changes.ts'
import type { Database } from '../db/database.ts'
import { decide } from '../gate/decide.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { errorRecord } from '../kernel/log.ts'
import { isDatabaseAway, isSuretyAway } from '../kernel/problem.ts'
import {
  messageOf,
  noteError,
  noteProvider,
  noteProviderId,
  raiseStatus,
  type MessageRow,
} from '../messages/queries.ts'
import { ruleOf } from '../rules/queries.ts'
import type { PersonVault } from '../tenants/person-vault.ts'
import type { WorkspaceVault } from '../tenants/vault.ts'
import type { SendOutcome, SendText } from '../whatsapp/send.ts'
import { backoffSeconds, TRIES_MAX } from './backoff.ts'
import { dueMessages, leaseMessage, leaveOutbox, postpone, type LeasedMessage } from './queries.ts'
import { asTenant } from '../db/tenant.ts'

/** Longer than the provider's longest answer: while it lasts, no other process sends the message. */
const LEASE_SECONDS = 60
const SWEEP_COUNT = 200

/** What delivery needs beside the core: who sends, what the sender is called, and chance for spreading retries. */
export interface Delivery extends Core {
  readonly sendText: SendText
  readonly provider: 'whatsapp' | 'stand-in'
  readonly chance: () => number
}

/** A message ready to be handed to its channel. */
interface Ready {
  readonly message: MessageRow
  readonly channel: ChannelRow
  readonly vault: WorkspaceVault
  /** The key of the contact. */
  readonly own: PersonVault
  readonly leased: LeasedMessage
}

/**
 * Tries to send one message now. The lease is committed before the provider is called. A process that dies between the provider's
 * answer and the commit leaves an expired lease, and the message is sent once more unless a status named it meanwhile: the
 * provider's API takes no idempotency key, so this border is at-least-once.
 */
export async function deliver(deps: Delivery, workspace: string, messageId: string): Promise<void> {
  const now = deps.clock.now()
  const until = secondsAfter(now, LEASE_SECONDS)
  const leased = await asTenant(deps.db, workspace, (tx) =>
    leaseMessage(tx, workspace, messageId, now, until),
  )
  if (leased === undefined) return
  const ready = await asTenant(deps.db, workspace, (tx) => prepare(deps, tx, leased))
  if (ready === null) return
  const outcome = ready.channel.kind === 'webchat' ? 'shown' : await send(deps, ready)
  await asTenant(deps.db, workspace, (tx) => settle(deps, tx, ready, outcome))
}

/** Asks the gate again, since minutes may have passed; null when the message may no longer leave. */
async function prepare(deps: Delivery, tx: Database, leased: LeasedMessage): Promise<Ready | null> {
  const { workspace_id: workspace, message_id } = leased
  const message = await messageOf(tx, workspace, message_id)
  if (message === undefined || message.status !== 'queued') {
    await leaveOutbox(tx, workspace, message_id)
    return null
  }
  const [contact, channel, conversation] = [
    await lockContact(tx, workspace, message.contact_id),
    await channelOf(tx, workspace, message.channel_id),
    await lockConversation(tx, workspace, message.conversation_id),
  ]
  if (contact === undefined || channel === undefined || conversation === undefined)
    throw new Error('a message has lost its conversation')
  const vault = await deps.vaults(workspace)
  const own = await ownVault(deps, workspace, contact.id)
  const rule = message.rule_id === null ? undefined : await ruleOf(tx, workspace, message.rule_id)
  const verdict = await decide(deps, tx, {
    own,
    channel,
    contact,
    conversation,
    author: message.author === 'rule' ? 'rule' : 'person',
    rule: rule === undefined ? null : { id: rule.id, cooldownSeconds: rule.cooldown_seconds },
    messageSeq: message.seq,
  })
  if (verdict.allow) {
    await noteProvider(tx, workspace, message.id, channel.kind === 'webchat' ? 'webchat' : deps.provider)
    return { message, channel, vault, own, leased }
  }
  await raiseStatus(tx, workspace, message.id, { status: 'refused', errorCode: verdict.code })
  await leaveOutbox(tx, workspace, message.id)
  await announce(tx, { workspace, conversation: conversation.id, contact: contact.id })
  return null
}

async function send(deps: Delivery, { message, channel, vault, own }: Ready): Promise<SendOutcome> {
  const known = await asTenant(deps.db, message.workspace_id, (tx) =>
    identitiesOf(tx, message.workspace_id, message.contact_id, channel.id),
  )
  const names = known.flatMap(({ kind, value: sealed }) => {
    const value = own.open(['contact_identity', kind, message.contact_id], sealed)
    return value === null ? [] : [{ kind, value }]
  })
  // The newest telephone number first: an older one may be somebody else's by now.
  const to = names.findLast(({ kind }) => kind === 'phone') ?? names.findLast(({ kind }) => kind === 'bsuid')
  const accessToken = openSecret(vault, channel, 'access_token')
  const text = message.body === null ? null : own.open(['message', 'body', message.id], message.body)
  if (to === undefined || text === null) return { is: 'never', code: 'no-address' }
  if (accessToken === null || channel.phone_number_id === null) return { is: 'credentials', code: 'no-token' }
  return deps.sendText({
    phoneNumberId: channel.phone_number_id,
    accessToken,
    to: { kind: to.kind === 'phone' ? 'phone' : 'bsuid', value: to.value },
    text,
    clientKey: message.id,
  })
}

async function settle(
  deps: Delivery,
  tx: Database,
  { message, channel, vault, leased }: Ready,
  outcome: SendOutcome | 'shown',
): Promise<void> {
  const { workspace_id: workspace, id } = message
  if (outcome === 'shown') await sent(deps, tx, message, null)
  else if (outcome.is === 'taken')
    await sent(deps, tx, message, vault.lookUp('message.provider_id', outcome.providerId)[0])
  else if (outcome.is === 'later' && leased.attempts < TRIES_MAX) {
    const nextAt = secondsAfter(deps.clock.now(), backoffSeconds(leased.attempts, deps.chance()))
    await noteError(tx, workspace, id, outcome.code)
    await postpone(tx, workspace, id, nextAt)
    await deps.enqueue(tx, 'deliver', { workspace, message: id }, nextAt)
  } else await failed(deps, tx, message, channel, outcome)
  await announce(tx, { workspace, conversation: message.conversation_id, contact: message.contact_id })
}

// In every transaction the message's row comes before the outbox's, so that a status and an answer never wait for each other.
async function sent(
  deps: Delivery,
  tx: Database,
  message: MessageRow,
  providerIndex: Buffer | null,
): Promise<void> {
  const { workspace_id: workspace, id } = message
  const named = providerIndex === null ? {} : { providerIndex }
  const moved = await raiseStatus(tx, workspace, id, { status: 'sent', errorCode: null, ...named })
  // Not moved: a status overtook the answer and reported the sending already.
  if (!moved && providerIndex !== null) await noteProviderId(tx, workspace, id, providerIndex)
  await leaveOutbox(tx, workspace, id)
  if (!moved) return
  await deps.record(tx, {
    type: 'message.sent',
    workspace,
    target: { kind: 'message', id },
    details: { conversation: message.conversation_id, author: message.author },
  })
}

async function failed(
  deps: Delivery,
  tx: Database,
  message: MessageRow,
  channel: ChannelRow,
  { is, code }: { readonly is: 'later' | 'never' | 'credentials'; readonly code: string },
): Promise<void> {
  const { workspace_id: workspace, id } = message
  const moved = await raiseStatus(tx, workspace, id, { status: 'failed', errorCode: code })
  await leaveOutbox(tx, workspace, id)
  if (!moved) return
  await deps.record(tx, {
    type: 'message.failed',
    workspace,
    target: { kind: 'message', id },
    outcome: 'failed',
    details: { conversation: message.conversation_id, code },
  })
  const broke =
    is === 'credentials' && (await breakChannel(tx, workspace, channel.id, code, deps.clock.now()))
  if (broke)
    await deps.record(tx, {
      type: 'channel.broken',
      workspace,
      target: { kind: 'channel', id: channel.id },
      outcome: 'failed',
      details: { code },
    })
}

/** Sends what is due and was left behind by a process that died or by a time of trouble. Returns how many wait for Surety. */
export async function sweepOutbox(deps: Delivery): Promise<number> {
  const due = await dueMessages(deps.db, deps.clock.now(), SWEEP_COUNT)
  let waiting = 0
  for (const { workspace_id, message_id } of due) {
    try {
      await deliver(deps, workspace_id, message_id)
    } catch (error) {
      if (isDatabaseAway(error)) throw error
      if (isSuretyAway(error)) waiting++
      deps.log.error({ message: message_id, ...errorRecord(error) }, 'a message could not be handed over')
    }
  }
  return waiting
}
