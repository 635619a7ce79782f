import { addIdentity, identityKey } from '../contacts/resolve.ts'
import { contactOfIdentity, lockIdentity } from '../contacts/queries.ts'
import type { Core } from '../core.ts'
import { announce } from '../db/changes.ts'
import type { Database } from '../db/database.ts'
import { lockSentMessage, noteProviderId, raiseStatus } from '../messages/queries.ts'
import { leaveOutbox } from '../outbox/queries.ts'
import type { Incoming, IntakeScope } from './incoming.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Moves a message's status up. A status that arrives before the answer to our sending names the message by the key that we sent
 * along; then it is proof that the provider has it, and it is not sent again.
 */
export async function takeStatus(
  core: Core,
  tx: Database,
  { workspace, channel, vault }: IntakeScope,
  status: Extract<Incoming, { is: 'status' }>,
): Promise<void> {
  const providerIndex = vault.index('message.provider_id', status.providerId)
  const key = status.clientKey !== null && UUID.test(status.clientKey) ? status.clientKey : null
  const message = await lockSentMessage(tx, { workspace, channel: channel.id, providerIndex, id: key })
  if (message === undefined) return
  await noteProviderId(tx, workspace, message.id, providerIndex)
  await leaveOutbox(tx, workspace, message.id)
  const { status: to, errorCode } = status
  if (!(await raiseStatus(tx, workspace, message.id, { status: to, errorCode }))) return
  const unreported = message.status === 'queued' && to !== 'failed'
  if (unreported || to === 'failed')
    await core.record(tx, {
      type: to === 'failed' ? 'message.failed' : 'message.sent',
      workspace,
      target: { kind: 'message', id: message.id },
      outcome: to === 'failed' ? 'failed' : 'success',
      details: { conversation: message.conversation_id, code: errorCode },
    })
  await announce(tx, { workspace, conversation: message.conversation_id, contact: message.contact_id })
}

/** A contact whose number or id changed stays the same contact; the new name is added unless it is another's. */
export async function takeRenaming(
  core: Core,
  tx: Database,
  at: IntakeScope,
  { before, after }: Extract<Incoming, { is: 'renamed' }>,
): Promise<void> {
  const scope = { workspace: at.workspace, channel: at.channel.id, vault: at.vault }
  const keys = [before, ...after].map((identity) => identityKey(scope, identity))
  for (const key of keys.toSorted((a, b) => a.index.compare(b.index))) await lockIdentity(tx, key)
  const contact = await contactOfIdentity(tx, identityKey(scope, before))
  if (contact === undefined) return
  for (const identity of after) await addIdentity(core, tx, scope, contact, identity, true)
}
