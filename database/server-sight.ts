import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { withServer, type ServerAddress } from './server-address.ts'

/** What can be seen of a server from outside. LSNs are PostgreSQL's text. */
export interface ServerSight {
  /** Copies of one cluster share it. */
  readonly system: string
  /** Grows with each promotion. */
  readonly timeline: number
  readonly standby: boolean
  /** Whether a transaction may write unless it insists. */
  readonly readOnly: boolean
  readonly lsn: string | null
  /** What it receives the log through; null when it receives none, or does not show it to this user. */
  readonly receives: { readonly slot: string | null; readonly name: string } | null
  /** The newest moment that the platform wrote here. */
  readonly heartbeatAt: string | null
  /** Where it was reached; null through a Unix socket. */
  readonly address: string | null
  /** Names the kernel that it runs on until that starts anew; null when it does not show it to this user. */
  readonly kernel: string | null
}

/** A standby as its primary sees it. */
export interface LinkSight {
  readonly streaming: boolean
  readonly behindBytes: number
  /** Where it comes from; null through a Unix socket. */
  readonly address: string | null
}

const LOOK = `select (pg_control_system()).system_identifier::text as system,
    case when pg_is_in_recovery()
      then coalesce((select received_tli from pg_stat_wal_receiver),
        greatest((pg_control_checkpoint()).timeline_id, (pg_control_recovery()).min_recovery_end_timeline))
      else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int end as timeline,
    pg_is_in_recovery() as standby,
    current_setting('transaction_read_only') = 'on' as "readOnly",
    (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end)::text as lsn,
    (select json_build_object('slot', slot_name,
        'name', coalesce(substring(conninfo from '(?:^| )application_name=(\\S+)'),
          substring(conninfo from 'fallback_application_name=(\\S+)'), 'walreceiver'))
      from pg_stat_wal_receiver where status = 'streaming') as receives,
    host(inet_server_addr()) as address,
    to_regclass('surety.heartbeat') is not null as beats`

/** The first value of a question; null where it is refused. */
async function valueOf(client: pg.Client, text: string): Promise<string | null> {
  try {
    const { rows } = await client.query<{ value: string | null }>(text)
    return rows[0]?.value ?? null
  } catch {
    // This user may not ask it; then it is not seen.
    return null
  }
}

/** Looks at a server; throws when it does not answer. Policy 6.2-d. */
export function lookAtServer(address: ServerAddress): Promise<ServerSight> {
  return withServer(address, async (client) => {
    const { rows } = await client.query<
      Omit<ServerSight, 'heartbeatAt' | 'kernel'> & { readonly beats: boolean }
    >(LOOK)
    if (rows[0] === undefined) throw new Error('the server says nothing of itself')
    const { beats, ...seen } = rows[0]
    const written = `select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as value from surety.heartbeat`
    const heartbeatAt = beats ? await valueOf(client, written) : null
    const kernel = await valueOf(client, `select pg_read_file('/proc/sys/kernel/random/boot_id') as value`)
    return { ...seen, heartbeatAt, kernel: kernel?.trim() ?? null }
  })
}

const LINK = `select r.state = 'streaming' as streaming, host(r.client_addr) as address,
    coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn), 0)::float8 as "behindBytes"
  from pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid
  where r.state is not null
    and case when $1::text is null then r.application_name = $2 else s.slot_name = $1 end`

/** The standby that receives its log so, as its primary sees it; null when it sends it none. Throws when it does not answer. */
export function lookAtLink(
  primary: ServerAddress,
  receives: NonNullable<ServerSight['receives']>,
): Promise<LinkSight | null> {
  return withServer(primary, async (client) => {
    const { rows } = await client.query<LinkSight>(LINK, [receives.slot, receives.name])
    return rows[0] ?? null
  })
}

/** What became of a write that is undone: a server that answers without refusing it may take the next one. */
type Answer = 'takes' | 'refuses' | 'silent' | 'unclear'

/** A read-only server, a standby, and a database that was closed (PostgreSQL, appendix A). */
const REFUSALS: readonly unknown[] = ['25006', '0A000', '55000']
/** Class 08: something in between says that it reaches no server. */
const UNREACHED = /^08/

async function tryWrite(address: ServerAddress): Promise<Answer> {
  let reached = false
  try {
    return await withServer<Answer>(address, async (client) => {
      reached = true
      await client.query('begin read write')
      await client.query('select pg_current_xact_id()')
      await client.query('rollback')
      return 'takes'
    })
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) return reached ? 'unclear' : 'silent'
    if (REFUSALS.includes(error.code)) return 'refuses'
    return UNREACHED.test(error.code ?? '') ? 'silent' : 'unclear'
  }
}

/** How often is asked: of one that is silent again, because it may be slow; of one that is starting, or full, until it says more. */
const TRIES = { silent: 2, unclear: 20, pauseMs: 500 } as const

/**
 * Whether a server takes a write of somebody who insists, tried with one that is undone; what does not answer at all takes
 * none. One that answers something else, such as that it is starting, has no place left or knows no such password, may take
 * the writes of others: it counts as one that does. Policy 6.2-d.
 */
export async function takesWrite(
  address: ServerAddress,
  { silent, unclear, pauseMs }: Readonly<Record<keyof typeof TRIES, number>> = TRIES,
): Promise<boolean> {
  let quiet = 0
  for (let tried = 1; ; tried++) {
    const answer = await tryWrite(address)
    if (answer === 'takes' || answer === 'refuses') return answer === 'takes'
    quiet = answer === 'silent' ? quiet + 1 : 0
    if (quiet === silent) return false
    if (tried >= unclear) return true
    await pause(pauseMs)
  }
}
