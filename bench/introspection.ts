import { Agent, request } from 'node:https'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Figure } from './figure.ts'

const SECONDS = 6
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
    const asked = {
      introspection: ['/oauth/introspect', `token=${ready.token}`],
      'client credentials': ['/oauth/token', 'grant_type=client_credentials&scope=channel.read'],
    } as const
    for (const name of ['introspection', 'client credentials'] as const) {
      const [path, body] = asked[name]
      await load(ready, path, body, 1)
      const before = await cpuSeconds(child)
      const { count, times } = await load(ready, path, body, SECONDS)
      const spent = (await cpuSeconds(child)) - before
      const limit = { kind: 'limit', value: 1000 / LIMITS[name] } as const
      show({ what: `${name}, processor time each`, ours: (spent * 1000) / count, unit: 'ms', beside: limit })
      show({ what: `${name}, a second and core`, ours: count / spent, unit: '/s', beside: { kind: 'none' } })
      times.sort((a, b) => a - b)
      const p99 = times[Math.floor(times.length * 0.99)] ?? 0
      show({ what: `${name}, p99 with ${AT_ONCE} at once`, ours: p99, unit: 'ms', beside: { kind: 'none' } })
    }
  } finally {
    child.kill('SIGKILL')
  }
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
