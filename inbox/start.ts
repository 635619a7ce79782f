import { serve } from '@hono/node-server'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SuretyError, type Surety } from '#client'
import type { InboxConfig } from './config.ts'
import { openChanges } from './db/changes.ts'
import { openDatabase } from './db/database.ts'
import { every } from './jobs/every.ts'
import { migrateJobs } from './jobs/queue.ts'
import { openRecovery, type Recovery } from './jobs/recovery.ts'
import { runJobs } from './jobs/runner.ts'
import { systemClock, type Clock } from './kernel/clock.ts'
import { errorRecord, type Log } from './kernel/log.ts'
import { openInbox, type Inbox } from './service.ts'
import { startStandIn, type StandIn } from './stand-in/index.ts'
import { whatsAppSender } from './whatsapp/send.ts'

/** The running service. */
export interface RunningInbox {
  readonly port: number
  readonly provider: 'whatsapp' | 'stand-in'
  /** The stand-in, when no provider is configured. */
  readonly standIn: StandIn | null
  stop(): Promise<void>
}

const RELAY_SECONDS = 2
const HOOKS_SECONDS = 10
const ERASURES_SECONDS = 3

/** Starts the service: jobs, relay of events, and HTTP on the loopback. The schema `inbox` must be migrated. */
export async function startInbox(
  config: Pick<InboxConfig, 'DATABASE_URL' | 'INBOX_PORT' | 'WHATSAPP_API_URL' | 'PUBLIC_ORIGIN'>,
  surety: Surety,
  log: Log,
  clock: Clock = systemClock,
): Promise<RunningInbox> {
  const lost = (error: unknown): void => log.warn(errorRecord(error), 'a database connection was lost')
  await migrateJobs(config.DATABASE_URL)
  const db = openDatabase(config.DATABASE_URL, lost)
  const changes = await openChanges(config.DATABASE_URL, lost)
  const standIn = config.WHATSAPP_API_URL === '' ? await startStandIn() : null
  const provider = standIn === null ? 'whatsapp' : 'stand-in'
  const inbox = openInbox({
    db,
    changes,
    clock,
    surety,
    log,
    publicOrigin: config.PUBLIC_ORIGIN,
    sendText: whatsAppSender(standIn?.url ?? config.WHATSAPP_API_URL),
    provider,
    chance: Math.random,
  })
  const jobs = await runJobs(config.DATABASE_URL, inbox.jobs, log)
  const recovery = openRecovery(inbox.recover, log)
  const stopRelay = startRelay(inbox, recovery, log)
  const stopTelling = startTelling(inbox, log)
  const stopFollowing = startFollowing(inbox, log)
  const server = await listen(inbox, config.INBOX_PORT)
  return {
    port: (server.address() as AddressInfo).port,
    provider,
    standIn,
    stop: async () => {
      await closeServer(server)
      await stopRelay()
      await recovery.ended()
      await stopTelling()
      await stopFollowing()
      await jobs.stop()
      await changes.close()
      await standIn?.stop()
      surety.close()
      await db.destroy()
    },
  }
}

/** So many rounds without an answer are said nothing about. */
const FAILURES_QUIET = 5

/** Events go out every two seconds; their types are declared first, and again whenever Surety does not know one. */
function startRelay(inbox: Inbox, recovery: Recovery, log: Log): () => Promise<void> {
  let declared = false
  const patience = patiently(log, 'events wait for the audit log')
  return every(
    RELAY_SECONDS,
    async () => {
      if (!declared) await inbox.declareEvents()
      declared = true
      await inbox.relay()
      patience.went()
      recovery.begin()
    },
    (error) => {
      recovery.wanted()
      if (error instanceof SuretyError && error.code === 'refused') declared = false
      patience.failed(error)
    },
  )
}

/** The gateway keeps signed hooks in memory only, so that it is asked again and again what it knows. */
function startTelling(inbox: Inbox, log: Log): () => Promise<void> {
  const patience = patiently(log, 'signed hooks are not known to the gateway')
  return every(HOOKS_SECONDS, () => inbox.tellHooks().then(patience.went), patience.failed)
}

/** Whom Surety knows to be erased is removed here within seconds. */
function startFollowing(inbox: Inbox, log: Log): () => Promise<void> {
  const patience = patiently(log, 'erasures cannot be followed')
  return every(ERASURES_SECONDS, () => inbox.followErasures().then(patience.went), patience.failed)
}

/** While both start, or one is restarted, waiting a few rounds is no news. */
function patiently(log: Log, message: string): { went(): void; failed(error: unknown): void } {
  let failures = 0
  return {
    went: () => {
      failures = 0
    },
    failed: (error) => {
      failures += 1
      if (failures > FAILURES_QUIET) log.warn(errorRecord(error), message)
    },
  }
}

function listen(inbox: Inbox, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Loopback only: the gateway is the one way in.
    const server = serve({ fetch: inbox.app.fetch, hostname: '127.0.0.1', port }, () =>
      resolve(server),
    ) as Server
    server.once('error', reject)
    server.headersTimeout = 10_000
    server.requestTimeout = 30_000
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    // Event streams never end by themselves.
    setTimeout(() => server.closeAllConnections(), 1000).unref()
  })
}
