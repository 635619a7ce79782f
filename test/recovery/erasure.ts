/** Who was erased after a moment, and is asked for in a restore to it: nothing that still exists opens what was held of them. */
import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describeField, fieldKeyId, rootKey } from '#envelope'
import { migrate } from '#database'
import {
  backUpKeyring,
  erasedPersons,
  erasedTenants,
  expireCopies,
  localRoot,
  openKeyring,
  openTenantKeys,
  PROVIDER,
  replayErasures,
  storedCopies,
  type Keyring,
  type KeyRoot,
  type TenantKeys,
} from '../../platform/encryption/index.ts'
import type { Database } from '../../platform/db/index.ts'
import { DAY, secondsAfter, type Clock } from '../../platform/kernel/clock.ts'
import { Problem } from '../../platform/kernel/problem.ts'
import type { TestCluster } from '../../platform/recovery/replication/cluster.fixture.ts'
import { fillKeyring } from '../../platform/recovery/restore/fill-keyring.ts'
import type { OpenedReading } from '../../platform/recovery/restore/open-reading.ts'
import type { RecoveryWorld } from '../../platform/recovery/restore/world.fixture.ts'

/** Something sealed of a workspace, a contact or an account, where the system keeps it. */
interface Held {
  readonly tenant: string
  readonly person: string | null
  readonly table: 'surety.workspace' | 'surety.account' | 'inbox.contact'
  readonly column: 'name' | 'display_name'
  readonly row: string
  readonly text: string
}

/** A system's keys in a cluster of their own, outside of its backups, with a clock that can be put forward. */
export interface KeysApart {
  readonly cluster: TestCluster
  readonly keyring: Keyring
  readonly root: KeyRoot
  readonly clock: Clock
  later(seconds: number): void
  readonly held: readonly Held[]
  readonly erased: readonly Held[]
  close(): Promise<void>
}

const migrations = new URL('../../platform/encryption/keyring-migrations/', import.meta.url)

/** Opens a keyring beside a system, and seals names of two workspaces, two contacts and two accounts into the system's tables. */
export async function keysApart(world: RecoveryWorld, cluster: TestCluster): Promise<KeysApart> {
  await migrate(cluster.url, migrations, 'keyring')
  const keyring = openKeyring(cluster.url, () => {})
  let ahead = 0
  const clock: Clock = { now: () => secondsAfter(new Date(), ahead) }
  const root = localRoot(rootKey(randomBytes(32)))
  const keys = openTenantKeys({ db: world.db, keyring, clock, root })
  const [gone, stays] = [randomUUID(), randomUUID()]
  const held = [gone, stays].map(workspace)
  for (const one of [contact, account]) held.push(one(stays, 'erased'), one(stays, 'kept'))
  for (const one of held) await store(world.db, one, await sealed(keys, one), clock.now())
  return {
    cluster,
    keyring,
    root,
    clock,
    later: (seconds) => {
      ahead += seconds
    },
    held,
    erased: held.filter(({ tenant, text }) => tenant === gone || text.startsWith('erased')),
    close: async () => {
      await keyring.destroy()
      await cluster.close()
    },
  }
}

const workspace = (tenant: string): Held => ({
  tenant,
  person: null,
  table: 'surety.workspace',
  column: 'name',
  row: tenant,
  text: `sample workspace ${tenant}`,
})

const ofPerson = (tenant: string, table: Held['table'], word: string): Held => {
  const person = randomUUID()
  return { tenant, person, table, column: 'display_name', row: person, text: `${word} sample ${person}` }
}
const contact = (tenant: string, word: string): Held => ofPerson(tenant, 'inbox.contact', word)
const account = (_: string, word: string): Held => ofPerson(PROVIDER, 'surety.account', word)

const placeOf = ({ table, column, row }: Held) => ({ table: table.replace('surety.', ''), column, row })

function sealed(keys: TenantKeys, of: Held): Promise<Buffer> {
  return of.person === null
    ? keys.sealText(of.tenant, placeOf(of), of.text)
    : keys.forPerson(of.tenant, of.person).sealText(placeOf(of), of.text)
}

async function store(db: Database, { table, row, tenant }: Held, bytes: Buffer, at: Date): Promise<void> {
  if (table === 'surety.workspace')
    await sql`insert into surety.workspace (id, name, sample, created_at) values (${row}, ${bytes}, true, ${at})`.execute(
      db,
    )
  else if (table === 'surety.account')
    await sql`insert into surety.account (id, email, email_index, display_name, password_hash, pepper_version, password_set_at, created_at)
      values (${row}, ${bytes}, ${randomBytes(16)}, ${bytes}, 'none', 1, ${at}, ${at})`.execute(db)
  else
    await sql`insert into inbox.contact (workspace_id, id, display_name, state, created_at)
      values (${tenant}, ${row}, ${bytes}, 'active', ${at})`.execute(db)
}

/** Copies the keyring, erases half of what is held, copies again, and lets a week pass, as the system's jobs do. */
export async function eraseSome(world: RecoveryWorld, apart: KeysApart): Promise<void> {
  const { keyring, clock, root } = apart
  const { wrapper } = world.house.keys
  const { system } = world.house.repository
  const copying = { keyring, clock, wrapper, system, stores: () => world.house.stores }
  await backUpKeyring(copying)
  const keys = openTenantKeys({ db: world.db, keyring, clock, root })
  for (const { tenant, person } of apart.erased)
    await (person === null
      ? keys.destroy(world.db, tenant)
      : keys.forPerson(tenant, person).destroy(world.db))
  apart.later(DAY)
  await backUpKeyring(copying)
  apart.later(7 * DAY)
  await backUpKeyring(copying)
  await expireCopies(copying)
}

/**
 * True when, in a restore of a moment before the erasure and with the only copy of the keyring that is left, nothing opens what was
 * held of the erased, and what was held of others opens.
 */
export async function erasedStayUnreadable(
  db: Database,
  reading: OpenedReading,
  apart: KeysApart,
): Promise<boolean> {
  const { system } = reading.repository
  const copies = await storedCopies({ stores: () => reading.stores, system })
  const old = copies.filter(({ at }) => at < secondsAfter(apart.clock.now(), -DAY))
  const restored = await emptyKeyring(apart.cluster)
  try {
    const filled = await fillKeyring({ ...reading, system }, restored)
    const good = await judge(db, apart, [apart.keyring, restored])
    return good && filled !== null && old.length === 0 && copies.length > 0
  } finally {
    await restored.destroy()
  }
}

async function emptyKeyring(cluster: TestCluster): Promise<Keyring> {
  await cluster.sql.query('create database anew')
  const url = cluster.url.replace(/\/[^/?]*\?/, '/anew?')
  await migrate(url, migrations, 'keyring')
  return openKeyring(url, () => {})
}

async function judge(db: Database, apart: KeysApart, keyrings: readonly Keyring[]): Promise<boolean> {
  const { clock, root, held, erased } = apart
  const exists = await keysThatExist(keyrings)
  for (const keyring of keyrings) {
    await replayErasures(db, { keyring, clock })
    const keys = openTenantKeys({ db, keyring, clock, root })
    for (const one of held) {
      const bytes = await stored(db, one)
      const gone = erased.includes(one)
      if (exists.has(describeField(bytes).keyId) === gone) return false
      if ((await opened(keys, one, bytes)) !== (gone ? null : one.text)) return false
    }
  }
  const [tenants, accounts] = [await erasedTenants(db), await erasedPersons(db, PROVIDER)]
  return erased.every(({ tenant, person }) => {
    if (person === null) return tenants.includes(tenant)
    return tenant !== PROVIDER || accounts.includes(person)
  })
}

/** The ids of every key that lies in one of these keyrings, as envelopes name them. */
async function keysThatExist(keyrings: readonly Keyring[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const keyring of keyrings)
    for (const table of ['data_key', 'person_key'] as const) {
      const rows = await keyring.selectFrom(table).select(['fingerprint', 'wrapped']).execute()
      for (const { fingerprint, wrapped } of rows) if (wrapped.length > 0) found.add(fieldKeyId(fingerprint))
    }
  return found
}

async function stored(db: Database, { table, column, row }: Held): Promise<Buffer> {
  const { rows } = await sql<{ bytes: Buffer }>`
    select ${sql.ref(column)} as bytes from ${sql.table(table)} where id = ${row}`.execute(db)
  const [found] = rows
  if (found === undefined) throw new Error(`the restore did not bring back ${table}`)
  return found.bytes
}

/** What a value says; null when its keys were destroyed. */
async function opened(keys: TenantKeys, of: Held, bytes: Buffer): Promise<string | null> {
  try {
    return of.person === null
      ? await keys.openText(of.tenant, placeOf(of), bytes)
      : await keys.forPerson(of.tenant, of.person).openText(placeOf(of), bytes)
  } catch (error) {
    if (error instanceof Problem && error.code === 'encryption.key-missing') return null
    throw error
  }
}
