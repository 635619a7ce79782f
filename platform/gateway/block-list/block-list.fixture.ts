import { openAudit } from '../../audit/index.ts'
import { sealedDatabase } from '../../encryption/sealed-database.fixture.ts'
import type { Clock } from '../../kernel/clock.ts'
import { gatewayEvents } from '../events.ts'
import { openBlockList } from './block-list.ts'

/** A block list on a fresh database, with the types of the events that it recorded; `close` removes it. */
export async function testBlockList<Of extends Clock>(clock: Of) {
  const { url, db, keys, close } = await sealedDatabase(clock)
  const log = openAudit({ clock, keys, catalogues: [gatewayEvents] })
  const events: string[] = []
  const record = async (...[within, event]: Parameters<typeof log.record>): Promise<void> => {
    events.push(event.type)
    await log.record(within, event)
  }
  const parts = { db, clock, keys, audit: { record } }
  return {
    clock,
    events,
    parts,
    url,
    list: await openBlockList(parts),
    close,
  }
}
