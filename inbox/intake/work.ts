import { channelOf } from '../channels/queries.ts'
import type { Core } from '../core.ts'
import type { Database } from '../db/database.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { errorRecord } from '../kernel/log.ts'
import { isDatabaseAway, isSuretyAway } from '../kernel/problem.ts'
import { SuretyError } from '#client'
import { readVisitorMessage } from '../webchat/payload.ts'
import { readWhatsAppDelivery } from '../whatsapp/payload.ts'
import { dayVault } from './day-keys.ts'
import type { Incoming, IntakeScope } from './incoming.ts'
import {
  countTry,
  expireInbound,
  finishInbound,
  lockInbound,
  waitingInbound,
  type InboundRow,
} from './queries.ts'
import { forgetProviderIds } from '../messages/queries.ts'
import { takeMessage } from './take-message.ts'
import { takeRenaming, takeStatus } from './take-status.ts'
import { enterTenant } from '../db/tenant.ts'

/** A delivery is set aside after so many tries that failed for a reason of its own. */
const TRIES_MAX = 10
/** Younger deliveries are left to the job that was enqueued with them. */
const SWEEP_SECONDS = 30
const SWEEP_COUNT = 200
const RAW_SECONDS = 72 * 3600
/** Providers repeat a delivery for seven days. */
const ROW_SECONDS = 8 * 86_400
/** A provider tells of a message for days; where nothing reads it any more, nothing can be looked up by its id either. */
const PROVIDER_ID_SECONDS = 90 * 86_400
const PROVIDER_IDS_AT_ONCE = 10_000

/** Works on one delivery, once: the row's lock ends with the transaction, so a process that dies leaves it for the next. */
export async function workOn(core: Core, inboundId: string): Promise<void> {
  try {
    await core.db.transaction().execute(async (tx) => {
      const row = await lockInbound(tx, inboundId)
      if (row === undefined) return
      await enterTenant(tx, row.workspace_id)
      await takeDelivery(core, tx, row)
      await finishInbound(tx, row.id, 'done', core.clock.now())
    })
  } catch (error) {
    await giveUpLate(core, inboundId, error)
    throw error
  }
}

async function takeDelivery(core: Core, tx: Database, row: InboundRow): Promise<void> {
  const channel = await channelOf(tx, row.workspace_id, row.channel_id)
  if (channel === undefined || row.raw === null)
    throw new Error('a delivery has lost its channel or its bytes')
  const vault = await core.vaults(row.workspace_id)
  const day = await dayVault(core, row.workspace_id, row.received_at)
  const raw = day.openBytes(['inbound', 'raw', row.id], row.raw)
  if (raw === null) throw new Error('a delivery waited until its key had ended')
  const incoming = channel.kind === 'whatsapp' ? readWhatsAppDelivery(raw).incoming : readVisitorMessage(raw)
  const at = { workspace: row.workspace_id, channel, vault }
  for (const one of incoming) await take(core, tx, at, one)
}

async function take(core: Core, tx: Database, at: IntakeScope, one: Incoming): Promise<void> {
  if (one.is === 'message') await takeMessage(core, tx, at, one)
  else if (one.is === 'status') await takeStatus(core, tx, at, one)
  else if (one.is === 'renamed') await takeRenaming(core, tx, at, one)
}

/** Counts a failure that is the delivery's own; trouble of the database or the platform does not count. */
async function giveUpLate(core: Core, inboundId: string, error: unknown): Promise<void> {
  if (isDatabaseAway(error) || error instanceof SuretyError) return
  await core.db.transaction().execute(async (tx) => {
    const counted = await countTry(tx, inboundId)
    if (counted === undefined || counted.tries < TRIES_MAX) return
    await enterTenant(tx, counted.workspace_id)
    await finishInbound(tx, inboundId, 'quarantined', core.clock.now())
    await core.record(tx, {
      type: 'message.quarantined',
      workspace: counted.workspace_id,
      target: { kind: 'channel', id: counted.channel_id },
      outcome: 'failed',
      details: { delivery: inboundId, tries: counted.tries },
    })
  })
}

/** Works on what was left behind by a process that died or by a time of trouble. Returns how many wait for Surety. */
export async function sweepIntake(core: Core, olderSeconds = SWEEP_SECONDS): Promise<number> {
  const before = secondsAfter(core.clock.now(), -olderSeconds)
  let waiting = 0
  for (const id of await waitingInbound(core.db, before, SWEEP_COUNT)) {
    try {
      await workOn(core, id)
    } catch (error) {
      if (isDatabaseAway(error)) throw error
      if (isSuretyAway(error)) waiting++
      core.log.error({ delivery: id, ...errorRecord(error) }, 'a delivery could not be worked on')
    }
  }
  return waiting
}

/** Drops raw deliveries after 72 hours, their dedupe keys after 8 days, and what a provider calls messages after 90 days. */
export async function expireDeliveries(core: Core): Promise<void> {
  const now = core.clock.now()
  await core.db.transaction().execute(async (tx) => {
    const gone = await expireInbound(tx, secondsAfter(now, -RAW_SECONDS), secondsAfter(now, -ROW_SECONDS))
    await forgetProviderIds(tx, secondsAfter(now, -PROVIDER_ID_SECONDS), PROVIDER_IDS_AT_ONCE)
    if (gone.raw + gone.rows > 0)
      await core.record(tx, { type: 'message.expired', workspace: null, details: gone })
  })
}
