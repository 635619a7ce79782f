import { randomBytes, randomUUID } from 'node:crypto'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { testDatabase } from '#database'
import { rootKey } from '#envelope'
import { ledgerState } from '../../audit/index.ts'
import { localRoot, openKeyring, openTenantKeys, PROVIDER, type TenantKeys } from '../../encryption/index.ts'
import { HOUR, systemClock } from '../../kernel/clock.ts'
import type { DrillOrder } from '../restore/index.ts'
import { recoveryWorld, type RecoveryWorld } from '../restore/world.fixture.ts'
import { runDrill, type DrillParts, type DrillReport } from './index.ts'

/** A small system with a backup, a ledger, a policy in force and sealed fields of two tenants, one of which was destroyed. */
export interface DrillRig {
  readonly world: RecoveryWorld
  readonly keys: TenantKeys
  readonly rootBytes: Buffer
  readonly parts: DrillParts
  readonly anchor: string
  readonly order: DrillOrder
  drill(order?: Partial<DrillOrder>, parts?: Partial<DrillParts>): Promise<DrillReport>
  close(): Promise<void>
}

const ORDER: DrillOrder = {
  do: 'drill',
  type: 'restore',
  dice: 0,
  limits: { recoverySeconds: 4 * HOUR, lossSeconds: HOUR },
  lastChange: null,
}

async function plantSealed(world: RecoveryWorld, keys: TenantKeys): Promise<void> {
  const { sql } = world.cluster
  const [account, workspace, gone] = [randomUUID(), randomUUID(), randomUUID()]
  const email = 'person@sample.invalid'
  const place = (column: string) => ({ table: 'account', column, row: account })
  const now = systemClock.now()
  await sql.query(
    'insert into surety.account (id, email, email_index, display_name, password_hash, pepper_version, password_set_at, created_at) values ($1, $2, $3, $4, $6, 1, $5, $5)',
    [
      account,
      await keys.sealText(PROVIDER, place('email'), email),
      (await keys.lookUp(PROVIDER, 'account.email', email))[0],
      await keys.sealText(PROVIDER, place('display_name'), 'A sample person'),
      now,
      'none',
    ],
  )
  for (const id of [workspace, gone])
    await sql.query('insert into surety.workspace (id, name, created_at) values ($1, $2, $3)', [
      id,
      await keys.sealText(id, { table: 'workspace', column: 'name', row: id }, 'A sample workspace'),
      now,
    ])
  await keys.destroy(world.db, gone)
}

/** A value in force; the version that it is of is not needed here. */
async function plantPolicy({ cluster: { sql } }: RecoveryWorld): Promise<void> {
  await sql.query('set session_replication_role = replica')
  await sql.query(
    `insert into surety.policy_in_force (parameter, value, value_text, version, since)
     values ('recovery.time', '14400', '4 hours', 1, $1)`,
    [systemClock.now()],
  )
  await sql.query('reset session_replication_role')
}

/** Waits until what was written has come over the stream and lies in every region. */
async function everythingStored({ cluster: { sql }, driver, wal, house }: RecoveryWorld): Promise<void> {
  const { rows: places } = await sql.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn')
  for (;;) {
    await wal.flush()
    await house.repository.settled()
    const stored = (await driver.lag()).map(({ lsn }) => lsn ?? '0/0')
    const { rows } = await sql.query<{ all: boolean }>(
      'select bool_and(one >= $1) as all from unnest($2::pg_lsn[]) one',
      [places[0]?.lsn, stored],
    )
    if (rows[0]?.all === true) return
    await pause(20)
  }
}

/** A full backup, an increment and log after them, with a ledger and the checkpoint that is kept apart. */
async function backedUp(world: RecoveryWorld): Promise<string> {
  await world.happen(8)
  const full = await world.driver.full()
  await world.happen(3)
  await world.driver.incremental(full.name)
  await world.happen(2)
  await world.keepLedger()
  await world.beat()
  await everythingStored(world)
  const anchor = join(world.folder, 'keys', 'ledger-anchor')
  await writeFile(anchor, (await ledgerState(world.db)).checkpoint ?? '')
  // Old enough for everything that it tells of to be in the stores.
  const before = new Date(systemClock.now().getTime() - 60_000)
  await utimes(anchor, before, before)
  return anchor
}

/** Makes one; slow, so once for a file of tests. */
export async function drillRig(): Promise<DrillRig> {
  const world = await recoveryWorld()
  const held = await testDatabase()
  const keyring = openKeyring(held.url, () => {})
  const rootBytes = randomBytes(32)
  const root = localRoot(rootKey(Buffer.from(rootBytes)))
  const keys = openTenantKeys({ db: world.db, keyring, clock: systemClock, root })
  await plantSealed(world, keys)
  await plantPolicy(world)
  const anchor = await backedUp(world)
  const parts: DrillParts = {
    clock: systemClock,
    scratch: join(world.folder, 'drills'),
    binaries: undefined,
    keysFolder: join(world.folder, 'keys'),
    beganMs: 0,
    openKeys: async () => ({ keyring, root, close: async () => {} }),
    rootKey: { inFiles: false, open: () => Promise.reject(new Error('not asked here')) },
    runbook: { file: 'none', program: 'none' },
    folders: { backups: world.settings.SURETY_BACKUPS, recoveryKeys: join(world.folder, 'recovery-keys') },
    environment: {},
    fault: (error) => console.error(error),
  }
  const drill: DrillRig['drill'] = async (other = {}, more = {}) => {
    const reading = await world.reading()
    try {
      return await runDrill({ ...ORDER, ...other }, reading, {
        ...parts,
        beganMs: performance.now(),
        ...more,
      })
    } finally {
      await reading.close()
    }
  }
  const close = async (): Promise<void> => {
    await keyring.destroy()
    await held.drop()
    await world.close()
  }
  return { world, keys, rootBytes, parts, anchor, order: ORDER, drill, close }
}
