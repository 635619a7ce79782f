import { hash, randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { testDatabase } from '#database'
import { listening } from '../platform/access/another-process.fixture.ts'
import { openSessionBook, type Sessions, type SessionToken } from '../platform/access/sessions/sessions.ts'
import { openDatabase, openNoticeBoard, type Database } from '../platform/db/index.ts'
import { fakeClock, systemClock, type Clock } from '../platform/kernel/clock.ts'
import { policyWith } from '../platform/kernel/parameter.ts'
import { asSecret } from '../platform/kernel/secret.ts'
import { percentile, type Figure } from './figure.ts'

const SESSIONS = 100_000
/** Sessions that are used again and again; memory holds all of them. */
const HOT = 20_000
const CACHED_CHECKS = 400_000
const CACHED_LIMIT_US = 5
const DATABASE_SECONDS = 6
const AT_ONCE = 16
const DATABASE_PER_SECOND_LEAST = 12_000
const WRITES_A_MINUTE_MOST = 1

/** Checks of a session: from memory, from the database, and what they write. */
export async function session(show: (figure: Figure) => void): Promise<void> {
  const database = await testDatabase()
  const db = openDatabase(database.url, () => {}, { connectionsMax: 4 })
  try {
    const tokens = await makeSessions(db)
    await fromMemory(show, database.url, db, tokens.slice(0, HOT))
    await fromDatabase(show, db, tokens)
    await writes(show, database.url, tokens[0])
  } finally {
    await db.destroy()
    await database.drop()
  }
}

function bookOf(db: Database, clock: Clock, notices?: ReturnType<typeof openNoticeBoard>): Sessions {
  const policy = policyWith({ 'session.idle': 1800, 'session.absolute': 43_200, 'elevation.limit': 3600 })
  // Nothing is sealed or recorded by a check that finds a live session.
  const never = (): never => {
    throw new Error('a live session was taken for an ended one')
  }
  const parts = { db, clock, policy, keys: { sealText: never, openText: never }, audit: { record: never } }
  return openSessionBook({ ...parts, ...(notices === undefined ? {} : { notices }) } as never)
}

function nobody(): never {
  throw new Error('a live session was taken for an ended one')
}

async function makeSessions(db: Database): Promise<SessionToken[]> {
  const tokens = Array.from({ length: SESSIONS }, () =>
    asSecret<'session'>(randomBytes(32).toString('base64url')),
  )
  const now = new Date()
  const workspace = randomUUID()
  await sql`insert into workspace (id, name, created_at) values (${workspace}, '', ${now})`.execute(db)
  await sql`insert into account (id, email, email_index, display_name, password_hash, pepper_version, password_set_at, created_at)
    select gen_random_uuid(), '', int4send(n), '', '', 1, ${now}, ${now} from generate_series(1, ${SESSIONS / 10}::int) n`.execute(
    db,
  )
  await sql`insert into membership (account_id, workspace_id, role, created_at)
    select id, ${workspace}, 'agent', ${now} from account`.execute(db)
  const accounts = await db.selectFrom('account').select('id').execute()
  const step = 5000
  for (let from = 0; from < SESSIONS; from += step) {
    const hashes = tokens.slice(from, from + step).map((token) => hash('sha256', token, 'buffer'))
    const owners = hashes.map((_, at) => accounts[(from + at) % accounts.length]?.id)
    await sql`insert into session (id, token_hash, account_id, level, factors, proved_at, workspace_id, created_at, last_seen_at, device)
      select gen_random_uuid(), h, a, 'full', '{password,totp}', ${now}, ${workspace}, ${now}, ${now}, ''
      from unnest(${hashes}::bytea[], ${owners}::uuid[]) as made (h, a)`.execute(db)
  }
  await sql`analyze`.execute(db)
  return tokens
}

async function fromMemory(
  show: (figure: Figure) => void,
  url: string,
  db: Database,
  tokens: readonly SessionToken[],
): Promise<void> {
  const board = openNoticeBoard()
  const stop = await listening(url, board, { pulseMs: 100 })
  const book = bookOf(db, systemClock, board)
  for (let at = 0; at < tokens.length; at += 64)
    await Promise.all(tokens.slice(at, at + 64).map((token) => book.find(nobody, token, false)))
  const rounds: number[] = []
  for (let round = 0; round < 5; round += 1) {
    // Whoever listens needs its turn of the event loop, or memory is not believed.
    await new Promise((resolve) => setTimeout(resolve, 150))
    const before = process.cpuUsage()
    for (let at = 0; at < CACHED_CHECKS / 5; at += 1) {
      await book.find(nobody, tokens[at % tokens.length] ?? asSecret(''), false)
      if (at % 2000 === 0) await new Promise(setImmediate)
    }
    const spent = process.cpuUsage(before)
    rounds.push((spent.user + spent.system) / (CACHED_CHECKS / 5))
  }
  await book.close()
  await stop()
  const limit = { kind: 'limit', value: CACHED_LIMIT_US } as const
  show({ what: 'a check from memory', ours: Math.min(...rounds), unit: 'µs CPU', beside: limit })
}

async function fromDatabase(
  show: (figure: Figure) => void,
  db: Database,
  tokens: readonly SessionToken[],
): Promise<void> {
  const book = bookOf(db, systemClock)
  const times: number[] = []
  const cpu = process.cpuUsage()
  const began = performance.now()
  const end = began + DATABASE_SECONDS * 1000
  const one = async (lane: number): Promise<void> => {
    for (let at = lane; performance.now() < end; at += 7919) {
      const asked = performance.now()
      const row = await book.find(nobody, tokens[at % tokens.length] ?? asSecret(''), true)
      if (row === null) throw new Error('a session was not found')
      times.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => one(lane)))
  const seconds = (performance.now() - began) / 1000
  const spent = process.cpuUsage(cpu)
  await book.close()
  const perSecond = times.length / seconds
  const none = { kind: 'none' } as const
  show({ what: `checks from the database, ${AT_ONCE} at once`, ours: perSecond, unit: '/s', beside: none })
  // What this process works for one, the database not counted: unlike the figures of time it bears a busy machine.
  const work = (spent.user + spent.system) / times.length
  show({ what: 'processor time of a check from the database', ours: work, unit: 'µs CPU', beside: none })
  // Microseconds, because a limit is the most that a figure may be.
  const limit = { kind: 'limit', value: 1e6 / DATABASE_PER_SECOND_LEAST } as const
  show({ what: 'a check from the database', ours: 1e6 / perSecond, unit: 'µs', beside: limit })
  show({
    what: 'a check from the database, p99',
    ours: percentile(times, 0.99),
    unit: 'ms',
    beside: { kind: 'limit', value: 5 },
  })
}

async function writes(
  show: (figure: Figure) => void,
  url: string,
  token: SessionToken | undefined,
): Promise<void> {
  if (token === undefined) throw new Error('there is no session')
  let written = 0
  const onStatement = (text: string): void => {
    if (text.startsWith('update "session" set "last_seen_at"')) written += 1
  }
  const db = openDatabase(url, () => {}, { connectionsMax: 4, onStatement })
  const clock = fakeClock()
  clock.set(new Date())
  const book = bookOf(db, clock)
  const minutes = 10
  for (let minute = 0; minute < minutes; minute += 1) {
    clock.advanceSeconds(60)
    await Promise.all(Array.from({ length: 1000 }, () => book.find(nobody, token, false)))
  }
  await db.destroy()
  const limit = { kind: 'limit', value: WRITES_A_MINUTE_MOST } as const
  const what = 'writes a minute, 1,000 requests at once'
  show({ what, ours: written / minutes, unit: '', beside: limit })
}
