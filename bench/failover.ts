import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { dataPlace } from '#database'
import { openGateway, type Gateway } from '../cli/gateway.ts'
import type { Figure } from './figure.ts'
import { makePlace, startSystem, type Place } from './running-system.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

/** From the loss of the database to the first accepted write, the application included. Policy 6.2-d. */
const FAILOVER_SECONDS_MAX = 60
const LOOK_MS = 50
const WAIT_MS = 120_000

async function until(done: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + WAIT_MS
  while (!(await done().catch(() => false))) {
    if (performance.now() > giveUpAt) throw new Error('what was waited for did not come about')
    await pause(LOOK_MS)
  }
}

async function standbyReady({ environment }: Place): Promise<boolean> {
  const { stdout } = await run(process.execPath, [join(root, 'cli/surety.mjs'), 'failover', '--json'], {
    env: environment,
  })
  return (JSON.parse(stdout) as { readonly standby: string }).standby === 'ready'
}

/** A sign-in that is refused has left its event: the database took a write. */
async function writes(gateway: Gateway): Promise<boolean> {
  const { status } = await gateway.send({
    method: 'POST',
    path: '/api/access/sign-in',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `nobody${performance.now()}@example.org`, password: 'no password at all' }),
  })
  return status === 401 || status === 403
}

/** Asked first: sign-ins of one address are counted, and would be turned away before the database is back. */
async function ready(gateway: Gateway): Promise<boolean> {
  return (await gateway.send({ method: 'GET', path: '/readyz' })).status === 200
}

/** The database's processes are killed and its data destroyed; the standby takes over. */
export async function failover(show: (figure: Figure) => void): Promise<void> {
  const place = await makePlace((folder) => ({ SURETY_STANDBY: join(folder, 'standby') }))
  const system = await startSystem(place)
  const gateway = openGateway(place.config)
  try {
    await until(() => standbyReady(place))
    await until(() => writes(gateway))
    const data = await dataPlace(join(place.config.SURETY_VAR, 'postgres'))
    const [id = ''] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')
    const lostAt = performance.now()
    await rm(join(data, 'global'), { recursive: true })
    process.kill(Number(id), 'SIGKILL')
    await until(async () => !(await ready(gateway)))
    await until(() => ready(gateway))
    await until(() => writes(gateway))
    const ours = (performance.now() - lostAt) / 1000
    const beside = { kind: 'limit', value: FAILOVER_SECONDS_MAX } as const
    show({ what: 'loss of the database to the first accepted write', ours, unit: 's', beside })
  } finally {
    gateway.close()
    await system.stop()
    await place.remove()
  }
}
