import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { openOperator, type Operator, type Reply } from '../../cli/operator.ts'
import { openPairRig, type PairRig } from '../../launch/pair/pair-rig.fixture.ts'
import { makeFolder, type RunningSystem } from '../running-system.ts'
import { openWorkplace, phoneOf, post, readiness, textMessage, until, type Workplace } from './workplace.ts'

type Standing = Reply<'GET /recovery/standby'>

suite('drill: a server of the operator’s own is replaced by its standby', { timeout: 240_000 }, () => {
  let rig: PairRig
  let folder: string
  let at: Workplace & { stop(): Promise<void> }
  let system: RunningSystem
  let operator: Operator
  let next = 0

  const standing = (): Promise<Standing> => operator.call('GET /recovery/standby')
  const ready = (): Promise<void> =>
    until('a standby follows', async () => (await standing()).standby === 'ready', 60_000)
  const delivered = async (): Promise<boolean> => {
    const phone = phoneOf(next)
    next += 1
    return (await post({ system, channel: at.channel }, textMessage(at.channel, phone, 'Hello'))) === 200
  }
  const noted = async (kind: string): Promise<Standing['changes'][number] | undefined> => {
    await until('the change is noted', async () => (await standing()).changes[0]?.kind === kind)
    return (await standing()).changes[0]
  }

  before(async () => {
    rig = await openPairRig(['summarize_wal=on', 'max_connections=60'])
    folder = await makeFolder()
    const environment = {
      DATABASE_URL: rig.url('a'),
      STANDBY_DATABASE_URL: rig.url('b'),
      DATABASE_REGION: 'sample-north',
      STANDBY_REGION: 'sample-south',
      FENCE_COMMAND: rig.fenceProgram,
    }
    at = await openWorkplace({ folder, environment })
    system = at.system
    operator = openOperator(system.environment)
  })
  after(async () => {
    await Promise.allSettled([at?.stop(), at?.provider.stop()])
    await rig?.remove()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test('policy 6.2-d: in order the database moves without a restart, and the change is noted', async (context) => {
    await ready()
    assert.ok(await delivered())
    const processes = await system.processIds()
    const startedAt = performance.now()
    const { code, stderr } = await system.cli(['failover', '--now'])
    assert.equal(code, 0, stderr)
    await until('a delivery is stored', delivered, 60_000)
    context.diagnostic(`first delivery stored after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    const change = await noted('switchover')
    assert.deepEqual([change?.to, change?.fencedBy, change?.toRegion], ['b', 'read-only', 'sample-south'])
    context.diagnostic(`first write of the platform after ${change?.seconds.toFixed(1)} s`)
    assert.deepEqual(await system.processIds(), processes, 'nobody was started anew')
  })

  test('policy 6.2-d: a server that is lost is fenced by the operator’s program and replaced while programs run', async (context) => {
    await rig.makeStandby('a')
    await ready()
    assert.ok(await delivered())
    await rig.end('b')
    await until('the system says so', async () => (await readiness(system)).status === 503)
    const startedAt = performance.now()
    const { code, stderr } = await system.cli(['failover', '--lost'])
    assert.equal(code, 0, stderr)
    await until('a delivery is stored', delivered, 60_000)
    context.diagnostic(`first delivery stored after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    const change = await noted('failover')
    assert.deepEqual([change?.to, change?.fencedBy], ['a', 'command'])
    await until('the system is ready', async () => (await readiness(system)).status === 200)
  })

  test('policy 6.2-d: the check tells that both servers are on one machine, whatever regions are stated', async () => {
    await rig.makeStandby('b')
    await ready()
    const { runs } = await operator.call('POST /checks/run', { body: { clause: '6.2-d' } })
    const looked = runs.find(({ kind }) => kind === 'check')
    assert.equal(looked?.result, 'fail')
    assert.match(
      looked?.saw ?? '',
      /^Both servers are on one machine: both run on one kernel; a standby follows/,
    )
  })

  test('policy 6.2-d: a server that is lost while nothing runs is replaced too', async () => {
    await system.stop()
    await rig.end('a')
    const { code, stdout, stderr } = await system.cli(['failover', '--lost'])
    assert.equal(code, 0, stdout + stderr)
    const [seen] = await rig.query<{ standby: boolean }>('b', 'select pg_is_in_recovery() as standby')
    assert.equal(seen?.standby, false)
  })
})
