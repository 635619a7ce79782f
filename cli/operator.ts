import { request } from 'node:http'
import { join } from 'node:path'
import type { accessRoutes } from '../platform/access/index.ts'
import type { auditSocketRoutes } from '../platform/audit/index.ts'
import type {
  inventoryRoutes,
  keyRoutes,
  rootRoutes,
  rotationRoutes,
  secretRoutes,
} from '../platform/encryption/index.ts'
import type { firewallRoutes } from '../platform/gateway/index.ts'
import { readConfig, runFolder } from '../platform/kernel/config.ts'
import type { Contract } from '../platform/kernel/route.ts'
import type { policyOperatorRoutes } from '../platform/policy/index.ts'
import type { postRoutes } from '../platform/post/index.ts'
import type { recoveryRoutes, standbyRoutes } from '../platform/recovery/index.ts'
import { CommandError, NotRunning } from './command.ts'

/** Every route of the operator's socket, with what is sent and what comes back. */
export type OperatorApi = Contract<ReturnType<typeof policyOperatorRoutes>> &
  Contract<ReturnType<typeof auditSocketRoutes>> &
  Contract<ReturnType<typeof accessRoutes>> &
  Contract<ReturnType<typeof firewallRoutes>> &
  Contract<ReturnType<typeof postRoutes>> &
  Contract<ReturnType<typeof inventoryRoutes>> &
  Contract<ReturnType<typeof keyRoutes>> &
  Contract<ReturnType<typeof rootRoutes>> &
  Contract<ReturnType<typeof rotationRoutes>> &
  Contract<ReturnType<typeof secretRoutes>> &
  Contract<ReturnType<typeof standbyRoutes>> &
  Contract<ReturnType<typeof recoveryRoutes>>

/** What a call of `Name` answers. */
export type Reply<Name extends keyof OperatorApi> = OperatorApi[Name]['reply']

/** What a call may carry. */
export interface Input {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  /** How long the answer may take. */
  readonly waitMs?: number
}

/** The running system, as the operator on this machine reaches it. */
export interface Operator {
  /**
   * Calls a route; throws `NotRunning` when nobody answers and `CommandError`, with the stable code and the detail,
   * when the call is refused.
   */
  call<Name extends keyof OperatorApi>(name: Name, input?: Input): Promise<Reply<Name>>
}

const WAIT_MS = 30_000
/** Larger answers are refused rather than held in memory. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Where the operator's socket is. */
export function operatorSocket(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['SURETY_OPERATOR_SOCKET'] ?? join(runFolder(readConfig(environment)), 'operator.sock')
}

/** Opens the operator's socket lazily: nothing is connected before the first call. */
export function openOperator(environment: Readonly<Record<string, string | undefined>>): Operator {
  return {
    call: async (name, input = {}) => {
      const [method = 'GET', pattern = '/'] = name.split(' ')
      const path = pathOf(pattern, input)
      return readAnswer(await send(operatorSocket(environment), method, path, input)) as Reply<typeof name>
    },
  }
}

/** The address with its parameters filled in. */
export function pathOf(pattern: string, { params = {}, query = {} }: Input): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const search = new URLSearchParams(query).toString()
  return search === '' ? path : `${path}?${search}`
}

interface Answer {
  readonly status: number
  readonly text: string
}

function send(socketPath: string, method: string, path: string, input: Input): Promise<Answer> {
  const body = method === 'GET' ? undefined : JSON.stringify(input.body ?? {})
  const headers = {
    host: 'localhost',
    accept: 'application/json',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  }
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(input.waitMs ?? WAIT_MS)
    const sent = request({ socketPath, method, path, headers, signal, agent: false }, (reply) => {
      const chunks: Buffer[] = []
      let bytes = 0
      reply.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) reply.destroy(new Error('the answer is too large'))
      })
      reply.once('error', (error) => reject(failure(error, socketPath)))
      reply.once('end', () =>
        resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    sent.once('error', (error) => reject(failure(error, socketPath)))
    sent.end(body)
  })
}

function failure(error: NodeJS.ErrnoException, socketPath: string): Error {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return new NotRunning(socketPath)
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return new CommandError('access.denied', `This user may not open ${socketPath}.`)
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return new CommandError('timeout', 'Surety took too long to answer; its log says why.')
  return new CommandError('broken-off', `Surety broke the answer off (${error.code ?? error.message}).`)
}

interface Refusal {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly requestId?: string
}

function readAnswer({ status, text }: Answer): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new CommandError('malformed', `Surety answered ${status} with something that is not JSON.`)
  }
  if (status >= 200 && status < 300) return json
  const { code = 'refused', title, detail, requestId } = json as Refusal
  const told = [title, detail].filter((one) => one !== undefined && one !== '').join(': ')
  const where = status >= 500 && requestId !== undefined ? ` (request ${requestId})` : ''
  throw new CommandError(code, `${told === '' ? `Surety answered ${status}` : told}${where}`)
}
