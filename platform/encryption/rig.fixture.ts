import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '#database'
import { auditEvents, openAudit } from '../audit/index.ts'
import { openDatabase, type Database } from '../db/index.ts'
import { fakeClock, type FakeClock } from '../kernel/clock.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { encryptionEvents } from './events.ts'
import { openRootKey } from './key-files.ts'
import type { RecordEvent } from './key-parts.ts'
import type { EncryptionSystem } from './observed-system.ts'
import { openKeyring, type Keyring } from './keyring/database.ts'
import type { LookUpColumn } from './rotation/index.ts'
import { localRoot, type KeyRoot } from './roots/index.ts'
import { openTenantKeys, type TenantKeys } from './tenant-keys.ts'

/** A migrated database, a key folder, a clock that stands still and a real audit log, for tests. */
export interface EncryptionRig {
  readonly url: string
  readonly db: Database
  /** The same, as background work asks for it. */
  readonly data: Database
  readonly keyring: Keyring
  /** Look-up values of invitations, for all others. */
  readonly lookUps: readonly LookUpColumn[]
  readonly clock: FakeClock
  readonly root: KeyRoot
  readonly policy: PolicyReader
  readonly record: RecordEvent
  readonly keys: TenantKeys
  readonly keysFolder: string
  readonly varFolder: string
  /** Keys as another process would hold them. */
  process(): TenantKeys
  /** The system that controls observe; its socket refuses everybody unless told. */
  system(status?: number): Promise<EncryptionSystem>
  /** Types of the events so far, oldest first. */
  events(): Promise<string[]>
  close(): Promise<void>
}

const LINKS: LookUpColumn = {
  schema: 'surety',
  table: 'link',
  column: 'email_index',
  tenant: null,
  from: {
    column: 'email',
    purpose: () => 'account.email',
    values: (opened) => [opened.toString('utf8')],
  },
}

/** Makes a rig. */
export async function encryptionRig(): Promise<EncryptionRig> {
  const database = await testDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'surety-encryption-'))
  const clock = fakeClock()
  const db = openDatabase(database.url, () => {})
  const keyring = openKeyring(database.url, () => {})
  const keysFolder = join(folder, 'keys')
  const root = localRoot(await openRootKey(keysFolder))
  const policy = policyWith({ 'encryption.algorithm': 'AES-256-GCM', 'keys.rotation': 365 * 86_400 })
  const record: RecordEvent = (within, event) => audit.record(within, event)
  const process = (): TenantKeys => openTenantKeys({ db, keyring, clock, root, governed: { policy, record } })
  const keys = process()
  const audit = openAudit({ clock, keys, catalogues: [auditEvents, encryptionEvents] })
  const stops: (() => void)[] = []
  const parts = { db, data: db, keyring, clock, policy, keys, root, record, keysFolder, lookUps: [LINKS] }
  return {
    ...parts,
    url: database.url,
    varFolder: join(folder, 'var'),
    process,
    system: async (status = 401) => {
      const serviceSocket = join(folder, `service-${stops.length}.sock`)
      stops.push(await answering(serviceSocket, status))
      const dataFolders = [await mkdtemp(join(folder, 'data-'))]
      return {
        ...parts,
        dataFolders,
        rootLogs: () => ({ without: 'none here', logs: [] }),
        serviceSocket,
        keyringFolder: join(folder, 'keyring'),
        // One test database holds both; the running system has two clusters.
        clusters: () => Promise.resolve({ data: 'data', keyring: 'keyring' }),
        keyringCopies: () => Promise.resolve([]),
        otherKeys: () => Promise.resolve([]),
      }
    },
    events: async () => {
      const rows = await db.selectFrom('audit_event').select('type').orderBy('written').execute()
      return rows.map(({ type }) => type)
    },
    close: async () => {
      for (const stop of stops) stop()
      await db.destroy()
      await keyring.destroy()
      await database.drop()
      await rm(folder, { recursive: true })
    },
  }
}

/** A socket that answers everything with one status; returns how to stop. */
async function answering(socketPath: string, status: number): Promise<() => void> {
  const server = createServer((incoming, reply) => {
    incoming.resume()
    reply.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return () => server.close()
}

/** What a route told, where it answers with values. */
export async function told<Reply>(answer: Promise<Reply | Response>): Promise<Reply> {
  const found = await answer
  if (found instanceof Response) throw new Error('this route answers with a response of its own')
  return found
}
