import { rm } from 'node:fs/promises'
import { openGateway } from '../cli/gateway.ts'
import type { Figure } from './figure.ts'
import { makePlace, startSystem, type Place } from './running-system.ts'

/** The first start after the installation also builds the console, makes keys and certificates, and migrates. */
const FIRST_SECONDS_MAX = 30
const LATER_SECONDS_MAX = 5
const LATER_STARTS = 3

/** `npm start` until it says that it is up, with nothing prepared and then again. */
export async function start(show: (figure: Figure) => void): Promise<void> {
  const place = await makePlace()
  try {
    // Without this stamp the console counts as never built.
    await rm(new URL('../console/dist/.sources', import.meta.url), { force: true })
    const first = await startOnce(place)
    show({ what: 'first start', ours: first, unit: 's', beside: { kind: 'limit', value: FIRST_SECONDS_MAX } })
    const later: number[] = []
    for (let at = 0; at < LATER_STARTS; at += 1) later.push(await startOnce(place))
    show({
      what: `later start, slowest of ${LATER_STARTS}`,
      ours: Math.max(...later),
      unit: 's',
      beside: { kind: 'limit', value: LATER_SECONDS_MAX },
    })
  } finally {
    await place.remove()
  }
}

/** Starts, asks over TLS whether it really is ready, and stops. */
async function startOnce(place: Place): Promise<number> {
  const system = await startSystem(place)
  try {
    const gateway = openGateway(place.config)
    const { status, body } = await gateway.send({ method: 'GET', path: '/readyz' })
    gateway.close()
    if (status !== 200)
      throw new Error(`it said that it is up, and /readyz answers ${status}: ${body.toString()}`)
    return system.readySeconds
  } finally {
    await system.stop()
  }
}
