import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import { control, declare, type BoundControl, type Observation } from '../kernel/control.ts'
import { silentLog } from '../kernel/log.ts'
import { Problem } from '../kernel/problem.ts'
import { startWorker } from '../worker/index.ts'
import { clauseCatalogue } from './clause-catalogue.ts'
import { runHistory } from './evidence-queries.ts'
import type { LivePolicy } from './in-force.ts'
import { controlRegistry } from './registry.ts'
import { policyRig, type PolicyRig } from './rig.fixture.ts'
import { runControl } from './runs.ts'
import { dueRuns, policyJobs, runAllSoon, runDue, tick, type SchedulerDeps } from './scheduler.ts'
import { openStatusBoard, type StatusBoard, type KnownFacts, type StatusBoardDeps } from './status-board.ts'
import { realFiles, rewritten, sampleParameters } from './text.fixture.ts'
import { ensurePublished, publishPolicy } from './versions.ts'

const HOUR = 3600
const pass: Observation = {
  result: 'pass',
  saw: 'It holds.',
  metrics: {},
  scope: { count: 1, coverage: 1, of: 'things' },
}
const fail: Observation = { ...pass, result: 'fail', saw: 'It does not hold.' }

const known = (): KnownFacts => ({
  vendorsRegistered: [],
  contactConfigured: false,
  certificateStates: {},
  cardDataOutOfReach: true,
  changesArchived: true,
})

let rig: PolicyRig
let policy: LivePolicy
let board: StatusBoard | undefined
/** What the sample control sees next. */
let check: () => Promise<Observation>
let knownBad: () => Promise<Observation>

beforeEach(async () => {
  check = async () => pass
  knownBad = async () => fail
  rig = await policyRig()
  await ensurePublished(rig, realFiles)
  policy = await rig.reader('test')
})
afterEach(async () => {
  await board?.stop()
  board = undefined
  await rig.close()
})

function sampleControl(): BoundControl {
  const idle = sampleParameters.filter(({ clause }) => clause === '3.4-a')
  return control<void>({
    id: 'sample',
    clauses: ['3.4-a', '3.4-b'],
    reads: idle,
    everySeconds: HOUR,
    enforcedIn: ['platform/access/index.ts'],
    looks: 'Looks.',
    breaks: 'Breaks.',
    check: () => check(),
    knownBad: () => knownBad(),
  })
}

function parts(program: Buffer = Buffer.alloc(32)): SchedulerDeps & StatusBoardDeps {
  const one = sampleControl()
  const others = clauseCatalogue.map(({ id }) => id).filter((id) => !one.clauses.includes(id))
  const registry = controlRegistry({
    catalogue: clauseCatalogue,
    parameters: sampleParameters,
    controls: [one],
    declarations: declare('unproven', others, 'Not part of this test.'),
  })
  return {
    ...rig,
    policy,
    registry,
    program,
    log: silentLog,
    databaseUrl: rig.url,
    runSecondsMax: 0.2,
    known,
  }
}

async function word(clause: string, deps = parts()): Promise<string> {
  board ??= await openStatusBoard(deps)
  // A notice may still be on its way; evidence is loaded anew after five seconds.
  rig.clock.advanceSeconds(5)
  const { clauses } = await board.status()
  return clauses.get(clause)?.status.shown.word ?? 'absent'
}

test('a clause is proven by a check that passed and a known-bad run that went red, in this order, at once', async () => {
  const deps = parts()
  assert.equal(await word('3.4-a'), 'UNPROVEN')
  assert.deepEqual(await dueRuns(deps), [{ control: 'sample', kind: 'check' }])
  const runs = await runDue(deps, { control: 'sample', kind: 'check' })
  assert.deepEqual(
    runs.map(({ kind, result }) => `${kind} ${result}`),
    ['check pass', 'known-bad fail'],
  )
  assert.equal(await word('3.4-a'), 'PROVEN')
  assert.equal(await word('3.4-b'), 'PROVEN')
  assert.deepEqual(await dueRuns(deps), [])
  assert.deepEqual((await rig.events()).slice(1), ['policy.observed success', 'policy.self-tested success'])
})

test('silence turns a proven clause stale by time alone', async () => {
  await runDue(parts(), { control: 'sample', kind: 'check' })
  rig.clock.advanceSeconds(3 * HOUR - 10)
  assert.equal(await word('3.4-a'), 'PROVEN')
  rig.clock.advanceSeconds(10)
  assert.equal(await word('3.4-a'), 'STALE')
})

test('a check that throws leaves a failing observation that says so and shows nothing of the error', async () => {
  check = async () => {
    throw Object.assign(new Error('a secret connection string'), { code: 'ECONNREFUSED' })
  }
  const run = await runControl(parts(), 'sample', 'check')
  assert.equal(run.result, 'fail')
  const [stored] = await runHistory(rig.db, 'sample', 'check', 1)
  assert.equal(stored?.ended, 'error')
  assert.equal(stored?.saw, 'The check ended with an error (ECONNREFUSED) before it saw anything.')
  assert.ok((await rig.events()).includes('policy.observed failed'))
  assert.notEqual(await word('3.4-a'), 'PROVEN')
})

test('a check that hangs is cut off and recorded as failing', async () => {
  check = () => new Promise(() => {})
  const run = await runControl(parts(), 'sample', 'check')
  assert.equal(run.ended, 'timeout')
  assert.equal(run.result, 'fail')
})

test('a failing check shows its clause as failing since the first failure, also while later runs break off', async () => {
  const deps = parts()
  await runDue(deps, { control: 'sample', kind: 'check' })
  check = async () => fail
  rig.clock.advanceSeconds(HOUR)
  const since = rig.clock.now()
  await runControl(deps, 'sample', 'check')
  rig.clock.advanceSeconds(60)
  await runControl(deps, 'sample', 'check')
  assert.equal(await word('3.4-a'), 'FAILING')
  check = async () => {
    throw new Error('broken')
  }
  await runControl(deps, 'sample', 'check')
  assert.equal(await word('3.4-a'), 'FAILING')
  const state = (await board?.status())?.clauses.get('3.4-a')
  assert.deepEqual(state?.status.shown.since, since)
})

test('a known-bad run that stays green turns its clauses failing, one that throws proves nothing', async () => {
  knownBad = async () => pass
  await runDue(parts(), { control: 'sample', kind: 'check' })
  assert.equal(await word('3.4-a'), 'FAILING')
  knownBad = async () => {
    throw new Error('broken')
  }
  const run = await runControl(parts(), 'sample', 'known-bad')
  assert.equal(run.ended, 'error')
  assert.ok((await rig.events()).includes('policy.self-tested failed'))
  assert.notEqual(await word('3.4-a'), 'PROVEN')
})

test('policy 14-a: a hand-edited value in force turns exactly its clause red', async () => {
  await runDue(parts(), { control: 'sample', kind: 'check' })
  await sql`update policy_in_force set value = '7200' where parameter = 'session.idle'`.execute(rig.db)
  assert.equal(await word('3.4-a'), 'FAILING')
  assert.equal(await word('3.4-b'), 'PROVEN')
})

test('a check is due again when its interval passed, when a value that it reads changed and when the code changed', async () => {
  const deps = parts()
  await runDue(deps, { control: 'sample', kind: 'check' })
  assert.deepEqual(await dueRuns(deps), [])
  const files = rewritten(['[30 minutes](set:session.idle)', '[15 minutes](set:session.idle)'])
  rig.clock.advanceSeconds(1)
  await publishPolicy(rig, { files, reason: 'Shorter', by: { kind: 'operator', id: 'local' } })
  await policy.reload()
  assert.deepEqual(await dueRuns(deps), [{ control: 'sample', kind: 'check' }])
  assert.equal(await word('3.4-a'), 'STALE')
  await runDue(deps, { control: 'sample', kind: 'check' })
  assert.deepEqual(await dueRuns(deps), [])
  assert.deepEqual(await dueRuns({ ...deps, program: Buffer.alloc(32, 1) }), [
    { control: 'sample', kind: 'check' },
    { control: 'sample', kind: 'known-bad' },
  ])
  rig.clock.advanceSeconds(HOUR)
  assert.deepEqual(await dueRuns(deps), [{ control: 'sample', kind: 'check' }])
  rig.clock.advanceSeconds(23 * HOUR)
  assert.equal((await dueRuns(deps)).length, 2)
})

test('a known-bad run that did not go red is repeated with every check until it does', async () => {
  const deps = parts()
  knownBad = async () => pass
  await runDue(deps, { control: 'sample', kind: 'check' })
  rig.clock.advanceSeconds(HOUR)
  assert.deepEqual(await dueRuns(deps), [
    { control: 'sample', kind: 'check' },
    { control: 'sample', kind: 'known-bad' },
  ])
})

test('a known-bad run that was made with other code does not count', async () => {
  await runDue(parts(), { control: 'sample', kind: 'check' })
  assert.equal(await word('3.4-a', parts(Buffer.alloc(32, 1))), 'UNPROVEN')
})

test('policy 14-b: the tick brings an announced value of the table into force and records it', async () => {
  const deps = parts()
  const worker = await startWorker({ databaseUrl: rig.url, db: rig.db, jobs: [], log: silentLog })
  const files = rewritten(['[30 minutes](set:session.idle)', '[1 hour](set:session.idle)'])
  await publishPolicy(rig, { files, reason: 'Longer', by: { kind: 'operator', id: 'local' } })
  rig.clock.advanceSeconds(30 * 24 * HOUR)
  await tick(deps)
  await worker.stop()
  const row = await rig.db
    .selectFrom('policy_in_force')
    .selectAll()
    .where('parameter', '=', 'session.idle')
    .executeTakeFirstOrThrow()
  assert.deepEqual([row.value, row.value_text, row.version, row.effective_at], [3600, '1 hour', 2, null])
  const events = await rig.events()
  assert.ok(events.includes('policy.value-effective success'))
  assert.ok(!events.includes('policy.drift failed'))
})

test('on a real worker every control runs soon after the start', async () => {
  const done = Promise.withResolvers<void>()
  knownBad = async () => {
    done.resolve()
    return fail
  }
  const worker = await startWorker({
    databaseUrl: rig.url,
    db: rig.db,
    jobs: policyJobs(parts()),
    log: silentLog,
  })
  await runAllSoon(rig.db)
  await done.promise
  await worker.stop()
  assert.equal(await word('3.4-a'), 'PROVEN')
})

test('a control that does not exist is refused', async () => {
  await assert.rejects(
    runControl(parts(), 'nothing', 'check'),
    (error) => error instanceof Problem && error.code === 'resource.unknown',
  )
})
