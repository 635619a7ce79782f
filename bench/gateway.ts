import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Figure } from './figure.ts'
import { askOnce, openLoad } from './gateway-load.ts'
import { startNginx } from './nginx.ts'
import { processTree } from './process-tree.ts'
import { attack, sampleRequests } from './waf-requests.ts'
import { NO_RULES, rulePaths } from './waf-rules.ts'
import { freePort } from '../launch/free-port.ts'
import { platformOptions } from '../launch/node-options.ts'

const CONNECTIONS = 16
const WARM_UP_SECONDS = 10
const WINDOW_SECONDS = 2
const WINDOWS = 5
/** 3,000 requests a second on one core. */
const MICROSECONDS_MAX = 333

/** What one server came to: the best of a few windows of time. */
interface Measured {
  readonly microseconds: number
  readonly perSecond: number
}

interface Server {
  readonly port: number
  readonly processId: number
  stop(): Promise<void>
}

/**
 * The whole gateway over TLS with the rules at paranoia level 1, kept connections of HTTP/1.1, beside nginx with libmodsecurity
 * before the same service; each server is held to one core, and what counts is its processor time.
 */
export async function gateway(show: (figure: Figure) => void): Promise<void> {
  const paths = rulePaths()
  if (paths === null) return console.log(NO_RULES)
  const service = new Worker(new URL('gateway-upstream.ts', import.meta.url))
  // The clients and the service leave the server its core.
  const others = availableParallelism() > 1 ? keepTo(`1-${availableParallelism() - 1}`) : () => {}
  try {
    const [upstreamPort] = (await once(service, 'message')) as [number]
    const ours = await measured(await startOurs(upstreamPort))
    const peer = await startNginx(paths, upstreamPort, await freePort())
    const theirs = peer === null ? null : await measured(peer)
    const beside = (value: number | undefined): Figure['beside'] =>
      value === undefined ? { kind: 'none' } : { kind: 'peer', name: 'nginx + libmodsecurity', value }
    show({
      what: 'GET through the gateway',
      ours: ours.microseconds,
      unit: 'us CPU',
      beside: { kind: 'limit', value: MICROSECONDS_MAX },
    })
    show({
      what: '  requests a second of processor time',
      ours: 1_000_000 / ours.microseconds,
      unit: '/s',
      beside: beside(theirs === null ? undefined : 1_000_000 / theirs.microseconds),
    })
    show({
      what: '  requests a second as it was',
      ours: ours.perSecond,
      unit: '/s',
      beside: beside(theirs?.perSecond),
    })
  } finally {
    others()
    await service.terminate()
  }
}

/** Holds all threads of this process to some processors until the returned function is called. */
function keepTo(processors: string): () => void {
  const set = (list: string) => execFileSync('taskset', ['-a', '-c', '-p', list, String(process.pid)])
  const before = /: ([\d,-]+)\s*$/.exec(
    execFileSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' }),
  )?.[1]
  set(processors)
  return () => void set(before ?? processors)
}

async function measured(server: Server): Promise<Measured> {
  try {
    const [request] = sampleRequests()
    if (request === undefined) throw new Error('there is no request to measure with')
    const stopped = await askOnce(server.port, attack())
    if (stopped !== 403) throw new Error(`an attack is answered with ${stopped}`)
    const load = await openLoad(server.port, request, CONNECTIONS)
    await pause(WARM_UP_SECONDS * 1000)
    const windows: Measured[] = []
    for (let window = 0; window < WINDOWS; window++) windows.push(await oneWindow(server, load.answered))
    load.close()
    return {
      microseconds: Math.min(...windows.map((one) => one.microseconds)),
      perSecond: Math.max(...windows.map((one) => one.perSecond)),
    }
  } finally {
    await server.stop()
  }
}

async function oneWindow({ processId }: Server, answered: () => number): Promise<Measured> {
  const cpu = (): number => processTree(processId).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  const [count, spent, began] = [answered(), cpu(), performance.now()]
  await pause(WINDOW_SECONDS * 1000)
  const more = answered() - count
  const seconds = (performance.now() - began) / 1000
  return { microseconds: ((cpu() - spent) * 1_000_000) / more, perSecond: more / seconds }
}

const PROGRAM = fileURLToPath(new URL('gateway-server.ts', import.meta.url))

async function startOurs(upstreamPort: number): Promise<Server> {
  const words = ['-c', '0', process.execPath, ...platformOptions, PROGRAM, `http://127.0.0.1:${upstreamPort}`]
  const child = spawn('taskset', words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const said = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (child.exitCode !== null) throw new Error(`the gateway does not start (${child.exitCode})`)
  return {
    port: Number(said[0]),
    processId: child.pid ?? 0,
    stop: async () => {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}
