import type { ChannelRow } from '../channels/queries.ts'
import type { Core } from '../core.ts'
import { newId } from '../kernel/id.ts'
import { dayVault } from './day-keys.ts'
import { insertInbound } from './queries.ts'
import { asTenant } from '../db/tenant.ts'

/**
 * Keeps a verified delivery, sealed, with the wake-up of its work; resolves after the commit, so the sender may be told. Returns
 * false for a repetition of one that is kept already.
 */
export async function acceptDelivery(
  core: Pick<Core, 'db' | 'clock' | 'vaults' | 'personVaults' | 'enqueue'>,
  channel: Pick<ChannelRow, 'workspace_id' | 'id'>,
  raw: Buffer,
): Promise<boolean> {
  const workspace = channel.workspace_id
  const vault = await core.vaults(workspace)
  const id = newId(core.clock)
  const receivedAt = core.clock.now()
  const day = await dayVault(core, workspace, receivedAt)
  const row = {
    workspace_id: workspace,
    id,
    channel_id: channel.id,
    dedupe_key: vault.lookUp(`inbound.${channel.id}`, raw),
    raw: day.sealBytes(['inbound', 'raw', id], raw),
    received_at: receivedAt,
  }
  return asTenant(core.db, workspace, async (tx) => {
    if (!(await insertInbound(tx, row))) return false
    await core.enqueue(tx, 'intake', { id })
    return true
  })
}
