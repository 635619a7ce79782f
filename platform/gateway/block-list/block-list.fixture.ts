import { randomBytes } from 'node:crypto'
import { testDatabase } from '#database'
import { rootKey } from '#envelope'
import { openAudit } from '../../audit/index.ts'
import { openDatabase } from '../../db/index.ts'
import { openTenantKeys } from '../../encryption/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { gatewayEvents } from '../events.ts'
import { openBlockList } from './block-list.ts'

/** A block list on a fresh database, with the types of the events that it recorded; `close` removes it. */
export async function testBlockList<Of extends Clock>(clock: Of) {
  const database = await testDatabase()
  const db = openDatabase(database.url, () => {})
  const keys = openTenantKeys({ db, clock, root: rootKey(randomBytes(32)) })
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
    url: database.url,
    list: await openBlockList(parts),
    close: async () => {
      await db.destroy()
      await database.drop()
    },
  }
}
