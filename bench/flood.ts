import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { openGateway } from '../cli/gateway.ts'
import { openOperator } from '../cli/operator.ts'
import type { Config } from '../platform/kernel/config.ts'
import { percentile, type Figure } from './figure.ts'
import { doorFrom, type Door, type DoorPlace } from './flood-door.ts'
import { becomeFirstAdministrator } from './first-administrator.ts'
import { cpuSecondsOf, withSystem } from './running-system.ts'

const SECONDS = 15
const OTHER_EVERY_MS = 25
const LIMIT_MS = 20

/** Other requests while strangers from many networks try 200 sign-ins a second, each at an address of its own. */
export async function flood(show: (figure: Figure) => void): Promise<void> {
  await withSystem(async (system, { config, environment }) => {
    const gateway = openGateway(config)
    await becomeFirstAdministrator(gateway, openOperator(environment))
    const place = placeOf(config)
    // In a thread of their own, so that whoever measures is not held up by those who flood.
    const strangers = new Worker(new URL('./flood-strangers.ts', import.meta.url), { workerData: place })
    await once(strangers, 'message')
    const quiet = await others(place, SECONDS / 3)
    const before = cpuSecondsOf(system)
    strangers.postMessage('go', [])
    const loaded = await others(place, SECONDS)
    const processors = (cpuSecondsOf(system) - before) / SECONDS
    strangers.postMessage('stop', [])
    const [answers] = (await once(strangers, 'message')) as [Map<number, number>]
    await strangers.terminate()
    gateway.close()
    const beside = { kind: 'none' } as const
    const tried = [...answers.values()].reduce((sum, one) => sum + one, 0)
    show({ what: 'bogus sign-ins answered', ours: tried / SECONDS, unit: '/s', beside })
    for (const [status, count] of [...answers].toSorted(([a], [b]) => a - b))
      show({ what: `  of them with ${status}`, ours: count / SECONDS, unit: '/s', beside })
    show({ what: 'processors that the system used meanwhile', ours: processors, unit: '', beside })
    show({ what: 'other requests without a flood, p50', ours: percentile(quiet, 0.5), unit: 'ms', beside })
    show({ what: 'other requests without a flood, p99', ours: percentile(quiet, 0.99), unit: 'ms', beside })
    show({ what: 'other requests in the flood, p50', ours: percentile(loaded, 0.5), unit: 'ms', beside })
    show({
      what: 'other requests in the flood, p99',
      ours: percentile(loaded, 0.99),
      unit: 'ms',
      beside: { kind: 'limit', value: LIMIT_MS },
    })
  })
}

/** Times of a request that meets every check of the gateway, asked at a steady pace. */
async function others(place: DoorPlace, seconds: number): Promise<number[]> {
  const door = doorFrom(place, '127.0.0.1')
  const times: Promise<number>[] = []
  await timed(door, performance.now())
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const started = performance.now()
    times.push(timed(door, started))
    await pause(OTHER_EVERY_MS)
  }
  const done = await Promise.all(times)
  door.close()
  return done
}

/** Milliseconds since `started` when the answer came; a connection that was cut never answered. */
function timed(door: Door, started: number): Promise<number> {
  return door.ask('GET', '/api/access/me').then(
    () => performance.now() - started,
    () => Number.POSITIVE_INFINITY,
  )
}

function placeOf({ SURETY_LISTEN, SURETY_HOST, SURETY_HTTPS_PORT, SURETY_KEYS }: Config): DoorPlace {
  return { listen: SURETY_LISTEN, name: SURETY_HOST, port: SURETY_HTTPS_PORT, keys: SURETY_KEYS }
}
