import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { testDatabase, type TestDatabase } from '#database'
import { openDatabase, type Database } from '../db/index.ts'
import type { Job } from '../kernel/job.ts'
import { silentLog } from '../kernel/log.ts'
import { enqueue, startWorker } from './index.ts'
import { freeLostJobs } from './lost-jobs.ts'

let database: TestDatabase
let db: Database

before(async () => {
  database = await testDatabase()
  db = openDatabase(database.url, () => {})
})
after(async () => {
  await db.destroy()
  await database.drop()
})

function job(name: string, run: Job['run'], more: Partial<Job> = {}): Job {
  return { name, permission: 'system', event: { none: 'a test' }, run, ...more }
}

test('a job enqueued in a transaction runs when it commits and never when it is rolled back', async () => {
  const ran = Promise.withResolvers<unknown>()
  const seen: unknown[] = []
  const jobs = [
    job('test.one', async (payload) => {
      seen.push(payload)
      ran.resolve(payload)
    }),
  ]
  const worker = await startWorker({ databaseUrl: database.url, db, jobs, log: silentLog })
  await assert.rejects(
    db.transaction().execute(async (tx) => {
      await enqueue(tx, 'test.one', { number: 1 })
      throw new Error('rolled back')
    }),
    /rolled back/,
  )
  await db.transaction().execute((tx) => enqueue(tx, 'test.one', { number: 2 }))
  await ran.promise
  await worker.stop()
  await worker.ended
  assert.deepEqual(seen, [{ number: 2 }])
})

test('a job that fails is tried again, and its payload never reaches the log', async () => {
  const done = Promise.withResolvers<void>()
  let tries = 0
  const lines: string[] = []
  const keep = (record: object, message: string): void => void lines.push(JSON.stringify({ record, message }))
  const worker = await startWorker({
    databaseUrl: database.url,
    db,
    jobs: [
      job('test.flaky', async () => {
        tries += 1
        if (tries === 1) throw new Error('not yet')
        done.resolve()
      }),
    ],
    log: { debug: keep, info: keep, warn: keep, error: keep },
  })
  await enqueue(db, 'test.flaky', { phone: 'a-telephone-number' })
  await done.promise
  await worker.stop()
  assert.equal(tries, 2)
  assert.ok(lines.some((line) => line.includes('job failed, will be tried again')))
  assert.ok(!lines.join().includes('a-telephone-number'))
})

test('a stop lets a job under way end', async () => {
  const started = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let ended = false
  const jobs = [
    job('test.slow', async () => {
      started.resolve()
      await gate.promise
      ended = true
    }),
  ]
  const worker = await startWorker({ databaseUrl: database.url, db, jobs, log: silentLog })
  await enqueue(db, 'test.slow', {})
  await started.promise
  const stopped = worker.stop()
  gate.resolve()
  await stopped
  assert.equal(ended, true)
})

test('a job that is locked by a worker which does not run it is freed; one that runs is left alone', async () => {
  const started = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const again = Promise.withResolvers<void>()
  const jobs = [
    job('test.running', async () => {
      started.resolve()
      await gate.promise
    }),
    job('test.lost', async () => again.resolve()),
  ]
  const worker = await startWorker({ databaseUrl: database.url, db, jobs, log: silentLog })
  await enqueue(db, 'test.running', {})
  await started.promise
  const { rows } = await sql<{ id: string; locked_by: string }>`
    update surety_jobs._private_jobs set locked_at = now() - interval '2 minutes' returning id, locked_by`.execute(
    db,
  )
  const [running] = rows
  assert.ok(running !== undefined)
  await enqueue(db, 'test.lost', {}, { delaySeconds: 3600 })
  await sql`update surety_jobs._private_jobs set run_at = now(), locked_at = now() - interval '2 minutes',
    locked_by = ${running.locked_by} where id <> ${running.id}::bigint`.execute(db)
  const own = { workers: new Set([running.locked_by]), running: new Set([running.id]) }
  assert.equal(await freeLostJobs(db, own, silentLog), 1)
  const held = await sql<{
    id: string
  }>`select id from surety_jobs._private_jobs where locked_by is not null`.execute(db)
  assert.ok(
    held.rows.some(({ id }) => id === running.id),
    'what runs stays locked',
  )
  await enqueue(db, 'test.lost', {}, { key: 'nudge' })
  await again.promise
  gate.resolve()
  await worker.stop()
})

test('two jobs of one name and a cron line that cannot be read are refused at the start', async () => {
  const twice = [job('test.same', async () => {}), job('test.same', async () => {})]
  await assert.rejects(
    startWorker({ databaseUrl: database.url, db, jobs: twice, log: silentLog }),
    /test\.same/,
  )
  const unreadable = [job('test.cron', async () => {}, { cron: 'every minute' })]
  await assert.rejects(startWorker({ databaseUrl: database.url, db, jobs: unreadable, log: silentLog }))
})

test('the worker runs without code generation from strings and obeys no configuration file on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-worker-'))
  await writeFile(
    join(folder, 'graphile-worker.config.cjs'),
    'process.stdout.write("obeyed a file"); module.exports = { schema: "x" }',
  )
  await writeFile(join(folder, 'crontab'), '* * * * * from_disk')
  const program = `
    const { startWorker, enqueue } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
    const { openDatabase } = await import(${JSON.stringify(new URL('../db/index.ts', import.meta.url).href)})
    const db = openDatabase(process.env.URL, () => {})
    const ran = Promise.withResolvers()
    const log = { debug() {}, info() {}, warn() {}, error(record) { console.error(record) } }
    const run = async () => ran.resolve()
    const jobs = [{ name: 'test.strict', cron: '0 0 1 1 *', permission: 'system', event: { none: 'a test' }, run }]
    const worker = await startWorker({ databaseUrl: process.env.URL, db, jobs, log })
    await enqueue(db, 'test.strict', {})
    await ran.promise
    await worker.stop()
    await db.destroy()
    process.stdout.write('ran')
  `
  const options = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, options, {
    cwd: folder,
    env: { URL: database.url, PATH: process.env['PATH'] },
  })
  await rm(folder, { recursive: true })
  assert.equal(stdout, 'ran')
})
