import { sql } from 'kysely'
import pg from 'pg'
import type { Database } from './database.ts'

/** Something changed in a conversation; ids only. */
export interface Change {
  readonly workspace: string
  readonly conversation: string
  readonly contact: string
}

/** Receives changes of every process; `null` says that some may have been missed. */
export type ChangeListener = (change: Change | null) => void

/** Changes as they are committed. */
export interface Changes {
  /** Calls back for each change; returns how to stop. */
  subscribe(listener: ChangeListener): () => void
  close(): Promise<void>
}

const CHANNEL = 'inbox_changed'

/** Tells every process, at commit when `db` is a transaction. */
export async function announce(db: Database, change: Change): Promise<void> {
  const payload = `${change.workspace} ${change.conversation} ${change.contact}`
  await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(db)
}

function readChange(payload: string | undefined): Change | null {
  const [workspace, conversation, contact] = (payload ?? '').split(' ')
  if (workspace === undefined || conversation === undefined || contact === undefined) return null
  return { workspace, conversation, contact }
}

function listeningClient(url: string): pg.Client {
  return new pg.Client({
    connectionString: url,
    application_name: 'instant reply changes',
    keepAlive: true,
    connectionTimeoutMillis: 5000,
  })
}

/** Listens on a connection of its own, made again whenever it is lost. */
export async function openChanges(
  url: string,
  onLost: (error: unknown) => void,
  retryMs = 1000,
): Promise<Changes> {
  const listeners = new Set<ChangeListener>()
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const tell = (change: Change | null): void => {
    for (const listener of listeners) listener(change)
  }
  const connect = async (): Promise<void> => {
    const next = listeningClient(url)
    next.on('notification', (notice) => tell(readChange(notice.payload)))
    next.on('error', onLost)
    next.once('end', retry)
    await next.connect()
    await next.query('listen inbox_changed')
    client = next
  }
  const retry = (): void => {
    if (closed) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      connect().then(
        () => tell(null),
        (error: unknown) => {
          onLost(error)
          retry()
        },
      )
    }, retryMs)
  }

  await connect()
  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: async () => {
      closed = true
      clearTimeout(timer)
      await client?.end()
    },
  }
}
