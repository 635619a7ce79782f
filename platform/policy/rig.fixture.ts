import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '#database'
import { openAudit, type Audit } from '../audit/index.ts'
import { openDatabase, type Database } from '../db/index.ts'
import { localRoot, openKeyring, openRootKey, openTenantKeys } from '../encryption/index.ts'
import { fakeClock, type FakeClock } from '../kernel/clock.ts'
import { silentLog } from '../kernel/log.ts'
import { policyEvents } from './events.ts'
import { openLivePolicy, type LivePolicy, type LivePolicyDeps } from './in-force.ts'
import { openPolicySigner, type PolicySigner } from './signing-key.ts'
import { sampleParameters } from './text.fixture.ts'

/** A database of its own with a clock that stands still, a signing key and a real audit log, for tests. */
export interface PolicyRig {
  readonly url: string
  readonly db: Database
  readonly clock: FakeClock
  readonly audit: Audit
  readonly signer: PolicySigner
  readonly keysFolder: string
  readonly parameters: typeof sampleParameters
  /** Opens a reader as a process of this role would; it is stopped with the rig. */
  reader(role: string, more?: Partial<LivePolicyDeps>): Promise<LivePolicy>
  /** Types and outcomes of the events so far, oldest first. */
  events(): Promise<string[]>
  close(): Promise<void>
}

/** Makes a rig. */
export async function policyRig(): Promise<PolicyRig> {
  const database = await testDatabase()
  const keysFolder = await mkdtemp(join(tmpdir(), 'surety-keys-'))
  const clock = fakeClock()
  const db = openDatabase(database.url, () => {})
  const keyring = openKeyring(database.url, () => {})
  const keys = openTenantKeys({ db, keyring, clock, root: localRoot(await openRootKey(keysFolder)) })
  const audit = openAudit({ clock, keys, catalogues: [policyEvents] })
  const signer = await openPolicySigner(keysFolder)
  const readers: LivePolicy[] = []
  const shared = { db, clock, signer, parameters: sampleParameters }
  return {
    ...shared,
    url: database.url,
    audit,
    keysFolder,
    reader: async (role, more = {}) => {
      const deps = { ...shared, databaseUrl: database.url, log: silentLog, role, ...more }
      const reader = await openLivePolicy(deps)
      readers.push(reader)
      return reader
    },
    events: async () => {
      const rows = await db.selectFrom('audit_event').select(['type', 'outcome']).orderBy('written').execute()
      return rows.map(({ type, outcome }) => `${type} ${outcome}`)
    },
    close: async () => {
      for (const reader of readers) await reader.stop()
      await db.destroy()
      await keyring.destroy()
      await database.drop()
      await rm(keysFolder, { recursive: true })
    },
  }
}
