import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testDatabase, type TestDatabase } from '#database'
import { openDatabase, type Database } from '../../db/index.ts'
import { DAY, fakeClock, secondsAfter } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { dueForProof, newestProofs, proofsSay, prove, type ProofParts } from './index.ts'

const FULL = '20260130T000000Z-full'
const LATER = '20260131T000000Z-full'
const proof = {
  backup: FULL,
  chain: [FULL],
  bytes: 1,
  tables: 2,
  rows: 3,
  pages: 4,
  ledgerEntries: 5,
  bad: [],
  steps: [],
  seconds: 1,
}

suite('proofs of backups', () => {
  let database: TestDatabase
  let db: Database
  const clock = fakeClock()
  const events: string[] = []
  const listed = [{ name: FULL, kind: 'full' as const }]
  let answer: () => Promise<unknown> = () => Promise.resolve(proof)
  const parts = (): ProofParts => ({
    db,
    clock,
    audit: { record: async (_, { type }) => void events.push(type) },
    program: { run: async <Result>() => (await answer()) as Result },
    list: async () => listed,
  })

  before(async () => {
    database = await testDatabase()
    db = openDatabase(database.url, () => {})
  })
  after(async () => {
    await db.destroy()
    await database.drop()
  })
  const seen = async () => proofsSay(await newestProofs(db, 10), clock.now())

  test('policy 6.1-a: without any proof the check fails', async () => {
    assert.equal((await seen()).result, 'fail')
  })

  test('policy 6.1-a: every full backup has its turn, and then any backup once a week', async () => {
    assert.deepEqual(await dueForProof(parts()), { backup: FULL, reason: 'full' })
    assert.equal((await prove(parts(), FULL, 'full')).passed, true)
    assert.equal((await seen()).result, 'pass')
    assert.deepEqual(await dueForProof(parts(), () => 0), { backup: FULL, reason: 'weekly' })
    await prove(parts(), FULL, 'weekly')
    assert.equal(await dueForProof(parts()), null)
    clock.advanceSeconds(7 * DAY)
    assert.deepEqual(await dueForProof(parts(), () => 0), { backup: FULL, reason: 'weekly' })
    listed.push({ name: LATER, kind: 'full' })
    assert.deepEqual(await dueForProof(parts()), { backup: LATER, reason: 'full' })
  })

  test('policy 6.1-a: an old proof is none any more', async () => {
    const old = proofsSay(await newestProofs(db, 10), secondsAfter(clock.now(), 9 * DAY))
    assert.match(old.saw, /the last proof was made/)
    assert.equal(old.result, 'fail')
  })

  test('policy 6.1-a: a proof that could not run is red, with its reason', async () => {
    answer = () => Promise.reject(new Problem('recovery.no-key', 'The recovery identity is not here.'))
    assert.equal((await prove(parts(), LATER, 'full')).passed, false)
    const { result, saw } = await seen()
    assert.equal(result, 'fail')
    assert.match(saw, /The recovery identity is not here/)
    assert.equal(events.at(-1), 'restore.refused')
  })
})
