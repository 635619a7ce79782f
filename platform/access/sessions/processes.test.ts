import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../../db/index.ts'
import { accessChanged } from '../changed.ts'
import {
  callerOf,
  contextOf,
  firstPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { anotherProcess, type Hear } from '../another-process.fixture.ts'
import { msUntil } from '../patient-time.fixture.ts'

/** Another process that counts what it asks and writes. */
type Process = Awaited<ReturnType<typeof startProcess>>

async function startProcess(it: TestAccess, how: { readonly hear?: Hear } = {}) {
  let looks = 0
  let writes = 0
  const onStatement = (text: string): void => {
    if (text.includes('"session"."token_hash" = any')) looks += 1
    if (text.startsWith('update "session" set "last_seen_at"')) writes += 1
  }
  return {
    ...(await anotherProcess(it, { ...how, onStatement })),
    /** Statements that looked a session up. */
    looks: () => looks,
    /** Statements that wrote a use. */
    writes: () => writes,
  }
}

suite('sessions in several processes', () => {
  let it: TestAccess
  let person: TestPerson
  let one: Process
  let other: Process

  beforeEach(async () => {
    it = await testAccess()
    person = await firstPerson(it)
    one = await startProcess(it)
    other = await startProcess(it)
  })
  afterEach(async () => {
    await one.close()
    await other.close()
    await it.close()
  })

  const alive = async (at: Process, headers: Record<string, string> = {}): Promise<boolean> =>
    (await callerOf(at.access, person.token, headers)).kind === 'account'

  /** Milliseconds until a process refuses the session; at most two seconds. */
  const refusedAfterMs = (at: Process): Promise<number> => msUntil(async () => !(await alive(at)), 2000)

  test('policy 3.4-b: a session is checked in memory, and revoking it is effective in every process within a second', async () => {
    for (const at of [one, other]) for (let n = 0; n < 5; n += 1) assert.equal(await alive(at), true)
    assert.deepEqual([one.looks(), other.looks()], [1, 1])
    const context = await person.context()
    const began = performance.now()
    await one.access.signOut(context)
    assert.equal(await alive(one), false, 'in the same process it is effective at once')
    const ms = await refusedAfterMs(other)
    assert.ok(ms < 1000, `the other process refused after ${ms} ms`)
    // Which process hears first is left to the machine.
    const { noticeMs } = one.access.sessions
    assert.ok((await msUntil(() => noticeMs().length > 0, 1000)) < 1000, 'its own notice did not come back')
    assert.ok(noticeMs().every((took) => took > 0 && took < performance.now() - began))
  })

  test('policy 3.4-b: a process whose listener hears no revocation is found out', async () => {
    const deaf = await startProcess(it, { hear: () => {} })
    try {
      assert.equal(await alive(deaf), true)
      await one.access.signOut(await person.context())
      assert.equal((await refusedAfterMs(other)) < 1000, true)
      assert.equal(await refusedAfterMs(deaf), Infinity)
    } finally {
      await deaf.close()
    }
  })

  test('policy 3.4-b: when the connection of the listener is cut, the database decides', async () => {
    assert.equal(await alive(other), true)
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'surety notices'`.execute(it.db)
    await it.access.signOut(await person.context())
    const ms = await refusedAfterMs(other)
    assert.ok(ms < 1000, `refused after ${ms} ms`)
  })

  test('policy 3.2-0: a change of rights by a bare statement reaches every process within a second', async () => {
    assert.equal((await callerOf(other.access, person.token)).staffRole, 'administrator')
    await it.db.deleteFrom('staff').where('account_id', '=', person.id).execute()
    const isTaken = async () => (await callerOf(other.access, person.token)).staffRole === null
    assert.ok((await msUntil(isTaken, 1000)) < 1000, 'the role is still held')
    await it.db
      .updateTable('account')
      .set({ disabled_at: it.clock.now() })
      .where('id', '=', person.id)
      .execute()
    assert.ok((await refusedAfterMs(other)) < 1000)
  })

  test('policy 3.2-0: a process that says whose rights changed asks the database at its next request', async () => {
    assert.equal(await alive(one), true)
    const before = one.looks()
    await it.db.transaction().execute((tx) => accessChanged(tx, { account: person.id }))
    // The process whose own transaction it is need not wait for the notice.
    one.board.sending('access_changed', `account ${person.id}`)
    assert.equal(await alive(one), true)
    assert.equal(one.looks(), before + 1)
  })

  test('policy 3.4-a: a thousand requests at once in two processes write one use a minute, and none is lost', async () => {
    const written = async () =>
      it.db.selectFrom('session').select(['last_seen_at', 'seen_written_at']).executeTakeFirstOrThrow()
    for (let minute = 0; minute < 3; minute += 1) {
      it.clock.advanceSeconds(60)
      const before = one.writes() + other.writes()
      const rowBefore = await written()
      await Promise.all(
        Array.from({ length: 1000 }, (_, n) => callerOf((n % 2 === 0 ? one : other).access, person.token)),
      )
      assert.ok(one.writes() + other.writes() - before <= 2, 'each process tries once')
      const row = await written()
      assert.equal(row.last_seen_at.getTime(), it.clock.now().getTime())
      assert.notDeepEqual(row, rowBefore)
    }
    it.clock.advanceSeconds(30)
    const lastUse = it.clock.now().getTime()
    await Promise.all(Array.from({ length: 100 }, () => alive(one)))
    assert.notEqual((await written()).last_seen_at.getTime(), lastUse, 'the minute is not over')
    it.clock.advanceSeconds(45)
    await one.access.sessions.flush()
    assert.equal((await written()).last_seen_at.getTime(), lastUse, 'written late, not lost')
    it.clock.set(new Date(lastUse + 1_800_000 - 1))
    assert.equal(await alive(other, { 'surety-passive': '1' }), true)
    it.clock.set(new Date(lastUse + 1_800_000))
    assert.deepEqual([await alive(other), await alive(one)], [false, false])
  })

  test('policy 3.4-a: between writes of one session lies a minute, whichever process writes', async () => {
    const moments = new Set<number>()
    const watch = async (): Promise<void> => {
      const row = await it.db.selectFrom('session').select('seen_written_at').executeTakeFirstOrThrow()
      if (row.seen_written_at !== null) moments.add(row.seen_written_at.getTime())
    }
    for (let second = 0; second < 300; second += 7) {
      it.clock.advanceSeconds(7)
      await callerOf((second % 2 === 0 ? one : other).access, person.token)
      await one.access.sessions.flush()
      await other.access.sessions.flush()
      await watch()
    }
    const sorted = [...moments].sort((a, b) => a - b)
    assert.ok(sorted.length >= 3 && sorted.length <= 5, `${sorted.length} writes in five minutes`)
    for (const [at, moment] of sorted.entries())
      if (at > 0) assert.ok(moment - (sorted[at - 1] ?? 0) >= 60_000)
  })

  test('trap 7: at a level change the token before is worthless, at once here and within a second elsewhere', async () => {
    const session = await one.access.sessions.prepare(contextOf().caller, person.id)
    await session.store(it.db, 'password', person.workspace, ['password'])
    const levelAt = async (at: Process, token: string) => (await callerOf(at.access, token)).level
    for (const at of [one, other, one, other]) assert.equal(await levelAt(at, session.token), 'password')
    const db = openDatabase(it.url, () => {}, { onNotice: one.board.sending })
    const token = await db
      .transaction()
      .execute((tx) => one.access.sessions.raise(tx, session.id, 'password', ['totp']))
    await db.destroy()
    assert.deepEqual([await levelAt(one, session.token), await levelAt(one, token)], ['none', 'full'])
    const isWorthless = async () => (await levelAt(other, session.token)) === 'none'
    assert.ok((await msUntil(isWorthless, 1000)) < 1000, 'the token before is still good')
    assert.equal(await levelAt(other, token), 'full')
  })

  test('trap 8: what memory believes to be over is asked of the database, which may know a later use', async () => {
    assert.equal(await alive(one), true)
    it.clock.advanceSeconds(1700)
    assert.equal(await alive(other), true)
    it.clock.advanceSeconds(1700)
    assert.equal(await alive(one), true)
  })

  test('policy 3.4-a: a stream or a WebSocket that opens again and again does not keep a session alive', async () => {
    for (const headers of [{ accept: 'text/event-stream' }, { upgrade: 'websocket' }]) {
      const started = it.clock.now().getTime()
      assert.equal(await alive(one), true)
      while (it.clock.now().getTime() < started + 1_740_000) {
        it.clock.advanceSeconds(60)
        assert.equal(await alive(one, headers), true)
      }
      it.clock.set(new Date(started + 1_800_000))
      assert.equal(await alive(one, headers), false)
      person = { ...person, token: await freshToken() }
    }
  })

  const freshToken = async (): Promise<string> => {
    const session = await it.access.sessions.prepare(contextOf().caller, person.id)
    await session.store(it.db, 'full', person.workspace, ['password', 'totp'])
    return session.token
  }
})
