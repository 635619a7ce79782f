import { join } from 'node:path'
import { sentStatements } from './application/index.ts'
import { openAudit, openLedger } from './audit/index.ts'
import { openDatabase, openNoticeBoard } from './db/index.ts'
import {
  carryOverKeys,
  enforceDestructions,
  openKeyring,
  openKeyRoot,
  openTenantKeys,
  replayErasures,
  PROVIDER,
  requireRoots,
  rootDeps,
  rotateDueKeys,
  rootOperations,
  type RecordEvent,
} from './encryption/index.ts'
import { systemClock as clock } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import { errorRecord, type Log } from './kernel/log.ts'
import { Problem } from './kernel/problem.ts'
import type { PolicyReader } from './kernel/parameter.ts'
import { eventCatalogues, parameters } from './modules.ts'
import {
  ensurePublished,
  openLivePolicy,
  openPolicySigner,
  readPolicyFolder,
  type LivePolicy,
} from './policy/index.ts'

/** Something of this process that is not there from the first moment on. */
export function later<Value>(what: string): { set: (value: Value) => void; get: () => Value } {
  let held: { readonly value: Value } | undefined
  return {
    set: (value) => {
      held = { value }
    },
    get: () => {
      if (held === undefined) throw new Error(`${what} is not there yet`)
      return held.value
    },
  }
}

/** A reader that answers once the policy is in force; keys need it before the first version can be recorded. */
function policyOnceLive(live: () => LivePolicy): PolicyReader {
  return {
    read: (parameter) => live().read(parameter),
    version: () => live().version(),
    onChange: (callback) => live().onChange(callback),
  }
}

/** The database, the keys and the audit log, which need each other. */
async function openStores(config: Config, log: Log, policy: PolicyReader) {
  const statements = sentStatements()
  const onError = (error: Error): void => log.warn(errorRecord(error), 'a database connection was lost')
  const onStatement = statements.saw
  const notices = openNoticeBoard()
  const db = openDatabase(config.DATABASE_URL, onError, { onStatement, onNotice: notices.sending })
  // Keys are opened beside the caller's transaction: from one pool, callers could wait for each other.
  const keysDb = openDatabase(config.DATABASE_URL, onError, { connectionsMax: 2, onStatement })
  const keyring = openKeyring(config.KEYRING_DATABASE_URL, onError, { onStatement })
  const rootParts = rootDeps({ keyring, clock }, (error) =>
    log.warn(errorRecord(error), 'a use of the root key could not be registered'),
  )
  const root = await openKeyRoot(config, rootParts)
  await requireRoots(keyring, root)
  const record: RecordEvent = (within, event) => audit.record(within, event)
  const keys = openTenantKeys({ db: keysDb, keyring, clock, root, governed: { policy, record } })
  const audit = openAudit({ clock, keys, catalogues: eventCatalogues })
  const keyParts = { db: keysDb, keyring, clock, root, record }
  await carryOverKeys(keyParts)
  // A keyring that came back from a copy may hold what was destroyed since.
  await enforceDestructions(keyParts)
  // And a database that came back from a backup does not know what was destroyed since.
  await replayErasures(db, keyParts)
  const rootActs = rootOperations(config, { deps: rootParts, root })
  const close = async (): Promise<void> => {
    await db.destroy()
    await keysDb.destroy()
    await keyring.destroy()
    await root.close()
  }
  return { db, keyring, root, rootActs, keys, keyParts, audit, record, statements, notices, close }
}

/** The ground that everything stands on: database, keys, audit log, ledger and the policy in force. */
export async function openGround(config: Config, log: Log) {
  const live = later<LivePolicy>('the policy')
  const policy = policyOnceLive(live.get)
  const stores = await openStores(config, log, policy)
  const { db, audit } = stores
  const signer = await openPolicySigner(config.SURETY_KEYS)
  const databaseUrl = config.DATABASE_URL
  const published = { db, signer, parameters, clock, audit, log, databaseUrl, role: 'platform' }
  await ensurePublished(published, await readPolicyFolder(config.SURETY_POLICY))
  live.set(await openLivePolicy(published))
  // After a long stop keys may be past their age: without their successors nothing could be sealed until the night.
  await rotateDueKeys(stores.keyParts, policy).catch((error: unknown) => {
    if (error instanceof Problem) throw error
    // The keys of some tenants keep nobody else's system from starting; the nightly run says so again.
    log.error(errorRecord(error), 'keys of some tenants could not be replaced')
  })
  const ledger = await openLedger({
    db,
    clock,
    folder: join(config.SURETY_VAR, 'ledger'),
    keysFolder: config.SURETY_KEYS,
    origin: `${config.SURETY_HOST}/ledger`,
  })
  // From here on a first use of the provider's keys waits for nothing else.
  await stores.keys.lookUp(PROVIDER, 'warm', '')
  return { ...stores, policy, live: live.get(), signer, published, ledger }
}

/** The ground, opened. */
export type Ground = Awaited<ReturnType<typeof openGround>>
