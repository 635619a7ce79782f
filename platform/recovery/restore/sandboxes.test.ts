import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { DAY, fakeClock, HOUR, systemClock } from '../../kernel/clock.ts'
import { SENSITIVE } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { openRestoreProgram, openSandboxes, sandboxRoutes, type Sandboxes } from './index.ts'
import type { SandboxParts } from './sandboxes.ts'
import { recoveryWorld, type RecoveryWorld } from './world.fixture.ts'

const ACCOUNT = '00000000-0000-7000-8000-000000000001'
const OFFICER = { kind: 'account', id: ACCOUNT } as const

suite('sandboxes', () => {
  let world: RecoveryWorld
  let parts: SandboxParts
  let sandboxes: Sandboxes
  const clock = fakeClock(systemClock.now())
  const logged: string[] = []

  before(async () => {
    world = await recoveryWorld()
    await world.happen(3)
    await world.driver.full()
    await world.keepLedger()
    await world.wal.flush()
    const environment = {
      TEST_PARTS: JSON.stringify({
        stores: world.settings,
        recoveryFolder: join(world.folder, 'recovery-keys'),
        keysFolder: join(world.folder, 'keys'),
      }),
    }
    const file = fileURLToPath(new URL('program.fixture.ts', import.meta.url))
    parts = {
      db: world.db,
      clock,
      audit: world.audit,
      log: { warn: (_: unknown, text?: string) => void logged.push(text ?? '') },
      program: openRestoreProgram({ file, environment: { ...process.env, ...environment } }),
      folder: join(world.folder, 'var/sandboxes'),
      scratch: join(world.folder, 'var/proofs'),
    }
    sandboxes = openSandboxes(parts)
  })
  after(async () => {
    await sandboxes.close()
    await world.close()
  })

  const ask = (of = sandboxes) => of.ask({ at: 'latest', account: ACCOUNT })
  const rowOf = async (id: string) => (await sandboxes.list()).find((one) => one.id === id)
  const comesTo = async (id: string, state: string) => {
    for (;;) {
      const row = await rowOf(id)
      if (row?.state === state) return row
      assert.ok(row?.state === 'restoring' || row?.state === 'ready', `${row?.state}: ${row?.says}`)
      await pause(50)
    }
  }
  const socketOf = (row: { readonly facts: unknown }) =>
    (row.facts as { readonly socketFolder: string }).socketFolder
  const reached = (socketFolder: string) =>
    new pg.Client({ host: socketFolder, user: 'surety', database: 'surety' })
  const eventsOf = async (id: string) => {
    const events = await world.cluster.sql.query<{ type: string }>(
      "select type from surety.audit_event where target_kind = 'sandbox' and target_id = $1 order by id",
      [id],
    )
    return events.rows.map(({ type }) => type)
  }

  test('policy 3.2-d: only an elevation with a fresh factor brings one about', () => {
    const [list, make, remove] = sandboxRoutes(sandboxes)
    const sensitive: readonly string[] = SENSITIVE
    assert.ok(sensitive.includes(make.permission) && make.fresh)
    assert.ok(sensitive.includes(remove.permission))
    assert.deepEqual([list.permission, make.event], ['recovery.read', 'sandbox.asked'])
    for (const body of [
      {},
      { at: 'yesterday' },
      { at: 'latest', region: '../x' },
      { at: 'latest', into: '/' },
    ])
      assert.equal(make.input.body.safeParse(body).success, false)
  })

  test('policy 6.1-a: one is restored, reached through its private socket alone, shown without a secret, and gone after a day', async () => {
    const id = await ask()
    const row = await comesTo(id, 'ready')
    const socketFolder = socketOf(row)
    assert.equal((await stat(socketFolder)).mode & 0o777, 0o700)
    const client = reached(socketFolder)
    await client.connect()
    const { rows } = await client.query(
      "select count(*)::int as count from surety.audit_event where type = 'backup.made'",
    )
    assert.deepEqual(rows, [{ count: 3 }])
    for (const [setting, value] of [
      ['listen_addresses', ''],
      ['archive_mode', 'off'],
      ['primary_conninfo', ''],
    ] as const)
      assert.equal((await client.query(`show ${setting}`)).rows[0]?.[setting], value)
    client.on('error', () => {})

    const shown = JSON.stringify(await sandboxRoutes(sandboxes)[0].handle({} as never))
    assert.ok(shown.includes(id))
    for (const folder of ['keys', 'recovery-keys'])
      for (const name of await readdir(join(world.folder, folder)))
        for (const line of (await readFile(join(world.folder, folder, name), 'latin1')).split('\n'))
          if (line.length > 15) assert.ok(!shown.includes(line), name)
    assert.doesNotMatch(shown, /AGE-SECRET|PRIVATE KEY|postgresql:|password/i)

    clock.advanceSeconds(DAY - HOUR)
    await sandboxes.sweep()
    assert.equal((await rowOf(id))?.state, 'ready')
    clock.advanceSeconds(HOUR)
    await sandboxes.sweep()
    const gone = await rowOf(id)
    assert.deepEqual([gone?.state, gone?.says], ['removed', 'its day is over'])
    assert.deepEqual(await readdir(parts.folder), [])
    assert.equal(existsSync(socketFolder), false)
    await assert.rejects(reached(socketFolder).connect())
    assert.deepEqual(await eventsOf(id), ['sandbox.asked', 'sandbox.ready', 'sandbox.removed'])
  })

  test('a stop ends the server, and the next start removes what is left of it and of what was cut off', async () => {
    const id = await ask()
    const socketFolder = socketOf(await comesTo(id, 'ready'))
    await sandboxes.close()
    assert.equal(existsSync(socketFolder), false)
    assert.equal(existsSync(join(parts.folder, id)), true)
    await mkdir(join(parts.folder, '00000000-0000-7000-8000-000000000009.restoring/postgres'), {
      recursive: true,
    })
    // No process has such a number; the second one is this test.
    for (const name of ['surety-proof-99999999-a/var.restoring/postgres', `surety-proof-${process.pid}-b`])
      await mkdir(join(parts.scratch, name), { recursive: true })
    await writeFile(join(parts.scratch, 'surety-proof-99999999-a/var.restoring/postgres/file'), 'left')
    sandboxes = openSandboxes(parts)
    await sandboxes.sweep()
    const gone = await rowOf(id)
    assert.deepEqual([gone?.state, gone?.says], ['removed', 'the system was stopped'])
    assert.deepEqual(await readdir(parts.folder), [])
    assert.deepEqual(await readdir(parts.scratch), [`surety-proof-${process.pid}-b`])
  })

  test('one whose server ends by itself says so, and nothing of it is left', async () => {
    const ended = Promise.resolve()
    const serving = { socketFolder: '/nowhere', facts: {} }
    const program = { serve: async () => ({ serving, ended, stop: async () => {} }) }
    const id = await ask(openSandboxes({ ...parts, program }))
    assert.match((await comesTo(id, 'failed')).says ?? '', /ended by itself/)
    await sandboxes.sweep()
    assert.deepEqual(await readdir(parts.folder), [])
  })

  test('a restore that fails is told, blocks no other, and a fault shows nothing of itself', async () => {
    const failing = (error: Error): Sandboxes =>
      openSandboxes({
        ...parts,
        program: {
          serve: async () => {
            throw error
          },
        },
      })
    const refused = await ask(failing(new Problem('recovery.no-key', 'The recovery key is not here.')))
    assert.equal((await comesTo(refused, 'failed')).says, 'The recovery key is not here.')
    const broken = await ask(failing(new Error('password=sample')))
    assert.equal((await comesTo(broken, 'failed')).says, 'The restore failed; the log says why.')
    assert.deepEqual(await eventsOf(refused), ['sandbox.asked', 'sandbox.failed'])
    await sandboxes.sweep()
    assert.equal((await rowOf(refused))?.state, 'failed')
    assert.deepEqual(logged, ['a sandbox could not be made'])
  })

  test('there are two at the most, and one that is removed while it is made never comes to be', async () => {
    const waiting = openSandboxes({
      ...parts,
      program: { serve: () => new Promise(() => {}) },
    })
    const [first] = [await ask(waiting), await ask(waiting)]
    await assert.rejects(ask(waiting), { code: 'resource.conflict' })
    await waiting.remove(first, OFFICER, 'somebody removed it')
    await assert.rejects(waiting.remove(first, OFFICER, 'again'), { code: 'resource.unknown' })
    assert.deepEqual(await eventsOf(first), ['sandbox.asked', 'sandbox.removed'])
    assert.ok(await ask(waiting))
  })
})
