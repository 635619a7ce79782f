import { Agent, request } from 'node:https'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { percentile, type Figure } from './figure.ts'

const SECONDS = 6
/** Long enough for the machine code of every step to be made. */
const WARM_SECONDS = 2
const AT_ONCE = 16
/** Least of each in a second of processor time of the platform's process. */
const LIMITS = { introspection: 2000, 'client credentials': 1500 } as const

/** What the process under test says once it listens. */
export interface IntrospectionReady {
  readonly port: number
  readonly ca: string
  readonly basic: string
  readonly token: string
}

/**
 * Introspections and grants of client credentials through the whole gateway, by TLS on connections that are kept. Counted
 * against the processor time of the serving process alone, as rates a core; the time an answer takes stands beside.
 */
export async function introspection(show: (figure: Figure) => void): Promise<void> {
  const program = fileURLToPath(new URL('introspection-server.ts', import.meta.url))
  const child = fork(program, [], { execArgv: ['--disallow-code-generation-from-strings'] })
  try {
    const ready = await new Promise<IntrospectionReady>((resolve, reject) => {
      child.once('message', (message) => resolve(message as IntrospectionReady))
      child.once('exit', () => reject(new Error('the process under test ended')))
    })
    const token = `token=${ready.token}`
    const library = await measured(child, ready, '/oauth/by-library', token)
    const own = await measured(child, ready, '/oauth/introspect', token)
    const peer = { kind: 'peer', name: 'the library', value: library.eachMs } as const
    showAll(show, 'introspection', own, peer)
    const grant = 'grant_type=client_credentials&scope=channel.read'
    showAll(show, 'client credentials', await measured(child, ready, '/oauth/token', grant))
  } finally {
    child.kill('SIGKILL')
  }
}

/** What one request cost the serving process, and how long the slowest hundredth took at least. */
interface Measured {
  readonly eachMs: number
  readonly p99Ms: number
}

async function measured(
  child: ReturnType<typeof fork>,
  ready: IntrospectionReady,
  path: string,
  body: string,
): Promise<Measured> {
  await load(ready, path, body, WARM_SECONDS)
  const before = await cpuSeconds(child)
  const { count, times } = await load(ready, path, body, SECONDS)
  const spent = (await cpuSeconds(child)) - before
  return { eachMs: (spent * 1000) / count, p99Ms: percentile(times, 0.99) }
}

function showAll(
  show: (figure: Figure) => void,
  name: keyof typeof LIMITS,
  { eachMs, p99Ms }: Measured,
  peer?: Figure['beside'],
): void {
  const none = { kind: 'none' } as const
  const limit = { kind: 'limit', value: 1000 / LIMITS[name] } as const
  show({ what: `${name}, processor time each`, ours: eachMs, unit: 'ms', beside: limit })
  if (peer !== undefined)
    show({ what: `${name}, processor time each`, ours: eachMs, unit: 'ms', beside: peer })
  show({ what: `${name}, a second and core`, ours: 1000 / eachMs, unit: '/s', beside: none })
  show({ what: `${name}, p99 with ${AT_ONCE} at once`, ours: p99Ms, unit: 'ms', beside: none })
}

function cpuSeconds(child: ReturnType<typeof fork>): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(Number(message)))
    child.send('cpu')
  })
}

async function load(
  { port, ca, basic }: IntrospectionReady,
  path: string,
  body: string,
  seconds: number,
): Promise<{ readonly count: number; readonly times: number[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE, ca, servername: 'localhost' })
  const headers = {
    host: `localhost:${port}`,
    authorization: basic,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  }
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (answer) => {
        answer.resume()
        if (answer.statusCode !== 200) reject(new Error(`answered ${answer.statusCode}`))
        else answer.once('end', resolve)
      })
      sent.once('error', reject)
      sent.end(body)
    })
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < end) {
        const began = performance.now()
        await one()
        times.push(performance.now() - began)
      }
    }),
  )
  agent.destroy()
  return { count: times.length, times }
}
