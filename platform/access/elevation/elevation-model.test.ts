import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '../../kernel/problem.ts'
import type { TestPerson } from '../access.fixture.ts'
import { fresh, mayNow, testStaff, type TestStaff } from './elevation.fixture.ts'

/** What the rules promise of one person's elevations, in minutes since the run began. */
interface Model {
  now: number
  /** Requests that wait, oldest first: when each ends unanswered, and the minutes wished. */
  waiting: { id: string; until: number; minutes: number }[]
  /** Elevations by their ends. */
  running: { id: string; until: number }[]
}

interface Real extends TestStaff {
  readonly asking: TestPerson
}

type Command = fc.AsyncCommand<Model, Real>

const REASON = 'A sample reason for a test'
const LIMIT_MINUTES = 60

const isElevated = (model: Model): boolean => model.running.some(({ until }) => model.now < until)

async function refusedWith(code: string, act: Promise<unknown>): Promise<void> {
  await assert.rejects(act, (error: unknown) => error instanceof Problem && error.code === code)
}

async function agrees(model: Model, { it, asking }: Real): Promise<void> {
  assert.equal(await mayNow(it, asking, 'platform.people'), isElevated(model))
}

function command(name: string, run: Command['run'], check: Command['check'] = () => true): Command {
  return {
    check,
    run: async (model, real) => {
      await run(model, real)
      await agrees(model, real)
    },
    toString: () => name,
  }
}

const ask = (minutes: number): Command =>
  command(`ask for ${minutes} minutes`, async (model, { it, asking }) => {
    const wish = { permissions: ['platform.people'] as const, reason: REASON, minutes, workspace: null }
    const request = it.access.elevations.request(await asking.context(), wish)
    if (model.waiting.length >= 5) {
      await refusedWith('resource.conflict', request)
      return
    }
    model.waiting.push({ id: (await request).id, until: model.now + 60, minutes })
  })

const approve = (by: 'first' | 'second' | 'officer'): Command =>
  command(
    `approval by ${by}`,
    async (model, real) => {
      const [request] = model.waiting
      assert.ok(request)
      const done = real.it.access.elevations.approve(await fresh(real.it, real[by]), request.id, null)
      if (by === 'first') return refusedWith('access.own-request', done)
      if (by === 'officer') return refusedWith('access.not-eligible', done)
      if (model.now >= request.until) return refusedWith('access.too-late', done)
      await done
      model.waiting.shift()
      const until = model.now + Math.min(request.minutes, LIMIT_MINUTES)
      model.running.push({ id: request.id, until })
    },
    ({ waiting }) => waiting.length > 0,
  )

const deny: Command = command(
  'denial',
  async (model, { it, second }) => {
    const [request] = model.waiting
    assert.ok(request)
    const done = it.access.elevations.deny(await second.context(), request.id, REASON)
    if (model.now >= request.until) return refusedWith('access.too-late', done)
    await done
    model.waiting.shift()
  },
  ({ waiting }) => waiting.length > 0,
)

const end: Command = command(
  'early end',
  async (model, { it, asking }) => {
    const [elevation] = model.running
    assert.ok(elevation)
    await it.access.elevations.end(await asking.context(), elevation.id)
    model.running.shift()
  },
  ({ running }) => running.length > 0,
)

const breakGlass: Command = command('break-glass', async (model, { it, asking }) => {
  const wish = { permissions: ['platform.people'] as const, reason: REASON, workspace: null }
  const { id } = await it.access.elevations.breakGlass(await fresh(it, asking), wish)
  model.running.push({ id, until: model.now + 15 })
})

const sweep: Command = command('the work of each minute', async (model, { it }) => {
  const over = [...model.waiting, ...model.running].filter(({ until }) => model.now >= until)
  assert.equal(await it.access.elevations.endOverdue(), over.length)
  model.waiting = model.waiting.filter(({ until }) => model.now < until)
  model.running = model.running.filter(({ until }) => model.now < until)
})

const wait = (minutes: number): Command =>
  command(`${minutes} minutes`, async (model, { it }) => {
    model.now += minutes
    it.clock.advanceSeconds(minutes * 60)
  })

suite('elevation as a state machine', () => {
  let staff: TestStaff

  before(async () => {
    staff = await testStaff({ 'session.idle': 86_400 * 30, 'session.absolute': 86_400 * 30 })
  })
  after(() => staff.it.close())

  test('policy 3.2-d: whatever is asked, decided, ended or waited for, exactly what the rules promise is held', async () => {
    const commands = fc.commands(
      [
        fc.integer({ min: 1, max: 90 }).map(ask),
        fc
          .constantFrom('first' as const, 'second' as const, 'second' as const, 'officer' as const)
          .map(approve),
        fc.constant(deny),
        fc.constant(end),
        fc.constant(breakGlass),
        fc.constant(sweep),
        fc.constantFrom(1, 5, 15, 29, 30, 60).map(wait),
      ],
      { maxCommands: 25 },
    )
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        await staff.it.db.deleteFrom('elevation').execute()
        const start = () => ({
          model: { now: 0, waiting: [], running: [] },
          real: { ...staff, asking: staff.first },
        })
        await fc.asyncModelRun(start, all)
      }),
      { numRuns: 25 },
    )
  })
})
