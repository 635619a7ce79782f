import { sql } from 'kysely'
import pg from 'pg'
import type { Database } from './database.ts'
import { keptPlan } from './kept-plan.ts'

/** What processes tell each other about through PostgreSQL's LISTEN and NOTIFY. */
export type Channel =
  | 'policy_changed'
  | 'session_revoked'
  | 'access_changed'
  | 'audit_recorded'
  | 'evidence_recorded'
  | 'keys_changed'
  | 'post_waiting'
  | 'blocks_changed'
  | 'secrets_changed'

/** The statements are written out, so that no text is ever put into one. Policy 5.3-c. */
const LISTEN: Readonly<Record<Channel, string>> = {
  policy_changed: 'listen policy_changed',
  session_revoked: 'listen session_revoked',
  access_changed: 'listen access_changed',
  audit_recorded: 'listen audit_recorded',
  evidence_recorded: 'listen evidence_recorded',
  keys_changed: 'listen keys_changed',
  post_waiting: 'listen post_waiting',
  blocks_changed: 'listen blocks_changed',
  secrets_changed: 'listen secrets_changed',
}

/** Tells every process, at commit when `db` is a transaction. */
export async function notify(db: Database, channel: Channel, payload = ''): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload}) ${keptPlan}`.execute(db)
}

/** The notice that a statement sends; null for every other statement. */
export function noticeIn(
  text: string,
  parameters: readonly unknown[],
): { readonly channel: Channel; readonly payload: string } | null {
  if (text !== 'select pg_notify($1, $2) /* kept */') return null
  const [channel, payload] = parameters.map(String)
  return { channel: channel as Channel, payload: payload ?? '' }
}

/** A connection that answers nothing for so long is given up and made again. */
const SILENT_MS_MAX = 5000

/** What a listener tells besides the notices. */
export interface ListenerEvents {
  readonly reconnected: () => void
  readonly lost: (error: unknown) => void
  readonly retryMs?: number
  /** Asks the server so often whether the connection is well; `heard` is told the moment of asking (monotonic). */
  readonly pulse?: { readonly everyMs: number; readonly heard: (askedAtMs: number) => void }
}

/** Asks over the listening connection itself: its answer comes after every notice committed before. */
function startPulse(client: pg.Client, { pulse, lost }: ListenerEvents): () => void {
  if (pulse === undefined) return () => {}
  let asked: number | null = null
  const ask = async (now: number): Promise<void> => {
    asked = now
    await client.query('select 1')
    asked = null
    pulse.heard(now)
  }
  const timer = setInterval(() => {
    const now = performance.now()
    if (asked === null) ask(now).catch(lost)
    else if (now - asked > SILENT_MS_MAX) client.connection.stream.destroy()
  }, pulse.everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Calls `heard` for each notice, and `reconnected` after a connection was lost and made again, since notices sent
 * meanwhile are gone and the caller must look for itself. Returns how to stop.
 */
export async function listenFor(
  url: string,
  handlers: Partial<Record<Channel, (payload: string) => void>>,
  events: ListenerEvents,
): Promise<() => Promise<void>> {
  let stopped = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let stopPulse = (): void => {}

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, application_name: 'surety notices', keepAlive: true })
    next.on('notification', (notice) => handlers[notice.channel as Channel]?.(notice.payload ?? ''))
    next.on('error', events.lost)
    next.once('end', retry)
    await next.connect()
    for (const channel of Object.keys(handlers)) await next.query(LISTEN[channel as Channel])
    stopPulse = startPulse(next, events)
    client = next
  }
  const retry = (): void => {
    stopPulse()
    if (stopped) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      connect().then(events.reconnected, (error: unknown) => {
        events.lost(error)
        retry()
      })
    }, events.retryMs ?? 1000)
  }

  await connect()
  return async () => {
    stopped = true
    clearTimeout(timer)
    stopPulse()
    await client?.end()
  }
}
