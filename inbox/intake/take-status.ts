import { addIdentity, identityKey, ownVault } from '../contacts/resolve.ts'
import { contactOfIdentity, lockContact, lockIdentities } from '../contacts/queries.ts'
import type { Core } from '../core.ts'
import { announce } from '../db/changes.ts'
import type { Database } from '../db/database.ts'
import { isUuid } from '../kernel/id.ts'
import { lockSentMessage, noteProviderId, raiseStatus } from '../messages/queries.ts'
import { leaveOutbox } from '../outbox/queries.ts'
import type { Incoming, IntakeScope } from './incoming.ts'

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
  const provider = vault.lookUp('message.provider_id', status.providerId)
  const key = status.clientKey !== null && isUuid(status.clientKey) ? status.clientKey : null
  const message = await lockSentMessage(tx, { workspace, channel: channel.id, provider, id: key })
  if (message === undefined) return
  await noteProviderId(tx, workspace, message.id, provider[0])
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
  await lockIdentities(tx, keys)
  const id = await contactOfIdentity(tx, identityKey(scope, before))
  if (id === undefined) return
  const own = await ownVault(core, at.workspace, id)
  const contact = await lockContact(tx, at.workspace, id)
  if (own.erased || contact === undefined || contact.state === 'erased') return
  for (const identity of after) await addIdentity(core, tx, scope, { contact, own }, identity)
}
