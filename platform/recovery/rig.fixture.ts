import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { testDatabase } from '#database'
import { auditEvents, openAudit, openLedger, type Ledger } from '../audit/index.ts'
import { openDatabase, type Database } from '../db/index.ts'
import {
  encryptionEvents,
  localRoot,
  openKeyring,
  openRootKey,
  openTenantKeys,
  type KeyRoot,
  type TenantKeys,
} from '../encryption/index.ts'
import { fakeClock, type FakeClock } from '../kernel/clock.ts'
import type { AuditEvent } from '../kernel/event.ts'
import { policyWith } from '../kernel/parameter.ts'
import type { BackupParts } from './backup.ts'
import { recoveryEvents } from './events.ts'

const HOUR = 3600

/** A migrated database with rows, a ledger, keys and folders of its own, for tests. */
export interface RecoveryRig extends BackupParts {
  readonly clock: FakeClock
  readonly root: KeyRoot
  readonly keys: TenantKeys
  readonly ledger: Ledger
  readonly folder: string
  /** Records an event with these details, not yet in the ledger. */
  happen(note: string): Promise<void>
  /** Types of the events so far, oldest first. */
  events(): Promise<string[]>
  /** An empty database on the same server. */
  emptyDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }>
  close(): Promise<void>
}

const policy = policyWith({
  'encryption.algorithm': 'AES-256-GCM',
  'backup.interval': 24 * HOUR,
  'backup.retention': 90 * 24 * HOUR,
})

/** Makes a rig. */
export async function recoveryRig(): Promise<RecoveryRig> {
  const database = await testDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'surety-recovery-'))
  const clock = fakeClock()
  const db = openDatabase(database.url, () => {})
  const [keysFolder, varFolder] = [join(folder, 'keys'), join(folder, 'var')]
  const keyring = openKeyring(database.url, () => {})
  const root = localRoot(await openRootKey(keysFolder))
  const keys: TenantKeys = openTenantKeys({
    db,
    keyring,
    clock,
    root,
    governed: { policy, record: (within, event) => audit.record(within, event) },
  })
  const audit = openAudit({ clock, keys, catalogues: [auditEvents, encryptionEvents, recoveryEvents] })
  const ledgerFolder = join(varFolder, 'ledger')
  const ledger = await openLedger({ db, clock, folder: ledgerFolder, keysFolder, origin: 'sample/ledger' })
  const parts = { db, keyring, databaseUrl: database.url, clock, policy, audit, root, keysFolder, varFolder }
  return {
    ...parts,
    keys,
    ledger,
    folder,
    happen: (note) => audit.record(db, sampleEvent(note)),
    events: async () => {
      const rows = await db.selectFrom('audit_event').select('type').orderBy('written').execute()
      return rows.map(({ type }) => type)
    },
    emptyDatabase: () => emptyDatabase(database.url),
    close: async () => {
      await db.destroy()
      await keyring.destroy()
      await database.drop()
      await rm(folder, { recursive: true })
    },
  }
}

function sampleEvent(note: string): AuditEvent {
  return {
    type: 'audit.sealed-probe',
    tenant: null,
    actor: { kind: 'system', id: 'test' },
    target: null,
    outcome: 'success',
    details: { note },
    request: null,
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

async function emptyDatabase(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `surety_test_empty_${randomBytes(6).toString('hex')}`
  await onServer(url, `create database ${name}`)
  return {
    url: url.replace(/\/[^/?]*(\?|$)/, `/${name}$1`),
    drop: () => onServer(url, `drop database if exists ${name} with (force)`),
  }
}

/** Text that a careless copy would break: separators, escapes and letters of PostgreSQL's text format. */
export const AWKWARD = 'tab\there, line\nend\r\n, \\N, \\., back\\slash, "quotes", ’ünï – 漢字 🎈, \u0001'

const sampleTexts = (at: Date) => ({
  previous: null,
  files: JSON.stringify([{ name: 'sample.md', text: AWKWARD.replace('\u0001', '') }]),
  text_hash: randomBytes(32),
  value_texts: JSON.stringify({ a: null, b: [1, 2.5e-7, true], c: { d: '\\N' } }),
  changes: '[]',
  signature: EVERY_BYTE,
  signer: AWKWARD,
  published_at: at,
  published_by: '',
  reason: 'sample',
})

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, at) => at))

/** Puts rows of every sort of value into tables of both schemas: bytes, JSON, arrays, nulls, numbers given by the database, references. */
export async function fillTables(db: Database, url: string): Promise<void> {
  const at = new Date('2026-01-30T12:00:00.123Z')
  const [workspace, account] = [randomUUID(), randomUUID()]
  await db
    .insertInto('policy_version')
    .values([
      { ...sampleTexts(at), number: 1 },
      { ...sampleTexts(at), number: 2, previous: 1 },
    ])
    .execute()
  await db.insertInto('workspace').values({ id: workspace, name: EVERY_BYTE, created_at: at }).execute()
  const hashed = { password_hash: AWKWARD, pepper_version: 1, password_set_at: at }
  const sealed = { email: EVERY_BYTE, email_index: randomBytes(16), display_name: Buffer.alloc(0) }
  await db
    .insertInto('account')
    .values({ id: account, created_at: at, ...hashed, ...sealed })
    .execute()
  const member = { account_id: account, workspace_id: workspace, role: 'owner', created_at: at }
  await db.insertInto('membership').values(member).execute()
  await db
    .insertInto('api_key')
    .values({
      id: randomUUID(),
      account_id: account,
      workspace_id: workspace,
      label: EVERY_BYTE,
      hint: '\\.',
      token_hash: randomBytes(32),
      scopes: ['a,b', '{"c"}', AWKWARD, ''],
      created_at: at,
      expires_at: at,
    })
    .execute()
  await onServer(
    url,
    `insert into inbox.contact (workspace_id, id, display_name, state, created_at)
       values (gen_random_uuid(), gen_random_uuid(), null, 'active', 'infinity');
     insert into inbox.audit_outbox (id, workspace_id, body)
       select gen_random_uuid(), null, '\\x000aff5c4e' from generate_series(1, 3)`,
  )
}
