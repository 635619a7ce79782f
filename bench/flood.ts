import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openGateway } from '../cli/gateway.ts'
import { openOperator } from '../cli/operator.ts'
import type { Config } from '../platform/kernel/config.ts'
import { percentile, type Figure } from './figure.ts'
import { becomeFirstAdministrator } from './first-administrator.ts'
import { withSystem } from './running-system.ts'

const BOGUS_PER_SECOND = 200
const SECONDS = 15
/** So many networks that none reaches its budget at the gateway. */
const NETWORKS = 450
const OTHER_EVERY_MS = 25
const LIMIT_MS = 20

/** Other requests while strangers from many networks try 200 sign-ins a second, each at an address of its own. */
export async function flood(show: (figure: Figure) => void): Promise<void> {
  await withSystem(async (_, { config, environment }) => {
    const gateway = openGateway(config)
    await becomeFirstAdministrator(gateway, openOperator(environment))
    const quiet = await others(config, SECONDS / 3)
    const answers = new Map<number, number>()
    const strangers = floodFrom(config, answers)
    const loaded = await others(config, SECONDS)
    await strangers.stop()
    gateway.close()
    const beside = { kind: 'none' } as const
    const tried = [...answers.values()].reduce((sum, one) => sum + one, 0)
    show({ what: 'bogus sign-ins answered', ours: tried / SECONDS, unit: '/s', beside })
    for (const [status, count] of [...answers].toSorted(([a], [b]) => a - b))
      show({ what: `  of them with ${status}`, ours: count / SECONDS, unit: '/s', beside })
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

interface Door {
  ask(method: string, path: string, body?: string): Promise<number>
  close(): void
}

/** A kept connection from an address of its own on loopback. */
function doorFrom(config: Config, localAddress: string): Door {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 4,
    servername: config.SURETY_HOST,
    ca: readFileSync(join(config.SURETY_KEYS, 'authority.pem')),
  })
  return {
    close: () => agent.destroy(),
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const host = `${config.SURETY_HOST}:${config.SURETY_HTTPS_PORT}`
        const headers = {
          host,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
        }
        const at = { host: config.SURETY_LISTEN, port: config.SURETY_HTTPS_PORT, localAddress }
        const sent = request({ ...at, agent, method, path, headers }, (reply) => {
          reply.resume().once('end', () => resolve(reply.statusCode ?? 0))
        })
        sent.once('error', reject)
        sent.end(body)
      }),
  }
}

/** Times of a request that meets every check of the gateway, asked at a steady pace. */
async function others(config: Config, seconds: number): Promise<number[]> {
  const door = doorFrom(config, '127.0.0.1')
  const times: Promise<number>[] = []
  await door.ask('GET', '/api/access/me')
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const started = performance.now()
    times.push(door.ask('GET', '/api/access/me').then(() => performance.now() - started))
    await pause(OTHER_EVERY_MS)
  }
  const done = await Promise.all(times)
  door.close()
  return done
}

function floodFrom(config: Config, answers: Map<number, number>) {
  const doors = Array.from({ length: NETWORKS }, (_, at) =>
    doorFrom(config, `127.${1 + (at >> 8)}.${at & 255}.1`),
  )
  const underWay = new Set<Promise<number>>()
  let tried = 0
  const started = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1000) * BOGUS_PER_SECOND)
    for (; tried < due; tried += 1) {
      const door = doors[tried % doors.length]
      const body = JSON.stringify({ email: `nobody-${tried}@sample.example`, password: 'Wrong-pass-2026' })
      const count = (status: number): number => {
        const sum = (answers.get(status) ?? 0) + 1
        answers.set(status, sum)
        return sum
      }
      if (door !== undefined)
        underWay.add(door.ask('POST', '/api/access/sign-in', body).then(count, () => count(0)))
    }
  }, 5)
  return {
    stop: async (): Promise<void> => {
      clearInterval(timer)
      await Promise.all(underWay)
      for (const door of doors) door.close()
    },
  }
}
