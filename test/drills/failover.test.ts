import assert from 'node:assert/strict'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { dataPlace } from '#database'
import { makeFolder, type RunningSystem } from '../running-system.ts'
import { openWorkplace, phoneOf, post, readiness, textMessage, until, type Workplace } from './workplace.ts'

/** What `surety failover --json` says. */
interface Standing {
  readonly primary: string
  readonly standby: string
  readonly why: string | null
  readonly changes: readonly { readonly kind: string; readonly to: string; readonly seconds: number }[]
}

suite('drill: the database is lost and its standby takes over', { timeout: 280_000 }, () => {
  let folder: string
  let at: Workplace & { stop(): Promise<void> }
  let system: RunningSystem
  let next = 0

  const standing = async (): Promise<Standing> => {
    const { stdout } = await system.cli(['failover', '--json'])
    return JSON.parse(stdout) as Standing
  }
  const ready = (): Promise<void> =>
    until('a standby follows', async () => (await standing()).standby === 'ready', 60_000)
  /** One delivery through the gateway, into the service and its database; true once it is stored. */
  const delivered = async (): Promise<boolean> => {
    const phone = phoneOf(next)
    next += 1
    return (await post({ system, channel: at.channel }, textMessage(at.channel, phone, 'Hello'))) === 200
  }

  before(async () => {
    folder = await makeFolder()
    await mkdir(join(folder, 'standby'), { mode: 0o755 })
    at = await openWorkplace({ folder, environment: { SURETY_STANDBY: join(folder, 'standby') } })
    system = at.system
  })
  after(async () => {
    await Promise.allSettled([at?.stop(), at?.provider.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  test('policy 6.2-d: a second database is made at the start and follows the first', async () => {
    await ready()
    assert.equal((await standing()).primary, 'a')
  })

  test('policy 6.2-d: data folder and server are lost, and within a minute deliveries are stored again', async (context) => {
    assert.ok(await delivered())
    const { database } = await system.processIds()
    assert.ok(database)
    const lostAt = performance.now()
    await rm(join(await dataPlace(join(system.varFolder, 'postgres')), 'global'), { recursive: true })
    process.kill(database, 'SIGKILL')
    await until('a delivery is stored', delivered, 60_000)
    context.diagnostic(`first delivery stored after ${((performance.now() - lostAt) / 1000).toFixed(1)} s`)
    await until('the change is noted', async () => (await standing()).changes.length === 1)
    const [change] = (await standing()).changes
    assert.deepEqual({ kind: change?.kind, to: change?.to }, { kind: 'failover', to: 'b' })
    assert.equal((await readiness(system)).status, 200)
  })

  test('policy 6.2-d: it fails back in order, once the lost site was made anew', async () => {
    await ready()
    assert.ok(await delivered())
    const { code, stderr } = await system.cli(['failover', '--now'])
    assert.equal(code, 0, stderr)
    await until('a delivery is stored', delivered, 60_000)
    await until('the change is noted', async () => (await standing()).changes[0]?.kind === 'switchover')
    assert.equal((await standing()).primary, 'a')
  })
})
