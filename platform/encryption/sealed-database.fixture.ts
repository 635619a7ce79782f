import { randomBytes } from 'node:crypto'
import { testDatabase } from '#database'
import { rootKey } from '#envelope'
import { openDatabase, type Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { openKeyring } from './keyring/database.ts'
import { localRoot } from './roots/index.ts'
import { openTenantKeys, type TenantKeys } from './tenant-keys.ts'

/** A fresh database with keys of its own. */
export interface SealedDatabase {
  readonly url: string
  readonly db: Database
  readonly keys: TenantKeys
  /** Removes it. */
  close(): Promise<void>
}

/** Makes one. */
export async function sealedDatabase(clock: Clock): Promise<SealedDatabase> {
  const { url, drop } = await testDatabase()
  const db = openDatabase(url, () => {})
  const keyring = openKeyring(url, () => {})
  return {
    url,
    db,
    keys: openTenantKeys({ db, keyring, clock, root: localRoot(rootKey(randomBytes(32))) }),
    close: async () => {
      await db.destroy()
      await keyring.destroy()
      await drop()
    },
  }
}
