import { SuretyError, type ServiceEvent, type Surety } from '#client'
import type { Database } from '../db/database.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { Vaults } from '../tenants/vault.ts'
import { deleteWaitingEvents, lockWaitingEvents, type WaitingEvent } from './queries.ts'

const BATCH = 100

/** What the relay needs. */
export interface RelayDeps {
  readonly db: Database
  readonly vaults: Vaults
  readonly surety: Pick<Surety, 'sendEvents'>
  readonly log: Log
}

/**
 * Hands waiting events to Surety until none is left; an event leaves the outbox only after Surety wrote it, so none is lost
 * and repetition is harmless. Throws while Surety is away; the next run goes on.
 */
export async function relayEvents(deps: RelayDeps): Promise<number> {
  const unreadable = new Set<string>()
  let sent = 0
  for (;;) {
    const batch = await deps.db.transaction().execute((tx) => relayBatch({ ...deps, db: tx }, unreadable))
    sent += batch.sent
    if (batch.found < BATCH && !batch.again) return sent
  }
}

async function relayBatch(
  deps: RelayDeps,
  unreadable: Set<string>,
): Promise<{ found: number; sent: number; again: boolean }> {
  const waiting = await lockWaitingEvents(deps.db, BATCH, [...unreadable])
  const before = unreadable.size
  const events: ServiceEvent[] = []
  for (const one of waiting) {
    const event = await readEvent(deps, one, unreadable)
    if (event !== null) events.push(event)
  }
  const accepted = await deps.surety.sendEvents(events)
  await deleteWaitingEvents(deps.db, [...accepted])
  if (accepted.size < events.length)
    deps.log.warn({ left: events.length - accepted.size }, 'events not accepted')
  return {
    found: accepted.size < events.length ? 0 : waiting.length,
    sent: accepted.size,
    again: unreadable.size > before,
  }
}

/** A workspace whose keys cannot be had must not hold up the others; its events wait. */
async function readEvent(
  deps: RelayDeps,
  waiting: WaitingEvent,
  unreadable: Set<string>,
): Promise<ServiceEvent | null> {
  if (waiting.workspace_id === null) return JSON.parse(waiting.body.toString('utf8')) as ServiceEvent
  if (unreadable.has(waiting.workspace_id)) return null
  try {
    const vault = await deps.vaults(waiting.workspace_id)
    return JSON.parse(vault.open(['audit_outbox', 'body', waiting.id], waiting.body)) as ServiceEvent
  } catch (error) {
    if (error instanceof SuretyError && error.code !== 'refused' && error.code !== 'keys-unusable')
      throw error
    unreadable.add(waiting.workspace_id)
    deps.log.warn({ workspace: waiting.workspace_id, ...errorRecord(error) }, 'events wait for a key')
    return null
  }
}
