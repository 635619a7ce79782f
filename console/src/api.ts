import type { Api } from './contract.ts'
import type { Wire } from './contract/wire.ts'
import { remedyFor } from './remedies.ts'

/** `POST /api/access/sign-in` and its like. */
export type RouteName = keyof Api

/** What a route answers, as it arrives. */
export type Reply<Name extends RouteName> = Wire<Api[Name]['reply']>

type Part<Name extends string, Value> = [Value] extends [Record<string, never>]
  ? { readonly [Key in Name]?: never }
  : Partial<Value> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value }

/** What a route takes: `params` of its path, `query` and `body`, each only if the route declares it. */
export type Input<Name extends RouteName> = Part<'params', Api[Name]['params']> &
  Part<'query', Partial<Api[Name]['query']>> &
  Part<'body', Api[Name]['body']>

/** A refusal as the server words it, with what to do about it. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly requestId: string | null
  readonly remedy: string
  readonly retryAfterSeconds: number | null

  constructor(parts: {
    status: number
    code: string
    title: string
    detail: string
    requestId: string | null
    remedy?: string | undefined
    retryAfterSeconds?: number | null
  }) {
    super(`${parts.code}: ${parts.detail}`)
    this.name = 'ApiProblem'
    this.status = parts.status
    this.code = parts.code
    this.title = parts.title
    this.detail = parts.detail
    this.requestId = parts.requestId
    this.remedy = parts.remedy ?? remedyFor(parts.code)
    this.retryAfterSeconds = parts.retryAfterSeconds ?? null
  }
}

const ACTIVE_MS = 5000
let lastAct = performance.now()
for (const type of ['pointerdown', 'keydown', 'wheel', 'touchmove'])
  addEventListener(
    type,
    () => {
      lastAct = performance.now()
    },
    { passive: true, capture: true },
  )

/** Policy 3.4-a: a request that no person caused must not keep a session alive, and says so to the server. */
function isPassive(): boolean {
  return performance.now() - lastAct > ACTIVE_MS
}

/** Sent with every request that no person caused. */
export const PASSIVE = { 'Surety-Passive': '1' }

function addressOf(path: string, input: Readonly<Record<string, unknown>>): string {
  const params = (input['params'] ?? {}) as Readonly<Record<string, string | number>>
  const query = (input['query'] ?? {}) as Readonly<Record<string, string | number | boolean | undefined>>
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(name, String(value))
  return search.size > 0 ? `${filled}?${search}` : filled
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = record[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads a refusal, also one that a proxy in between worded in its own way. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const parsed: unknown = await response.json().catch(() => null)
  const reply = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>
  const retryAfter = Number(response.headers.get('retry-after'))
  return new ApiProblem({
    status: response.status,
    code: textOf(reply, 'code') ?? `http.${response.status}`,
    title: textOf(reply, 'title') ?? 'The request was refused',
    detail:
      textOf(reply, 'detail') ?? `The server answered with status ${response.status} and no explanation.`,
    requestId: textOf(reply, 'requestId') ?? response.headers.get('surety-request-id'),
    remedy: textOf(reply, 'remedy'),
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
  })
}

/** Asks the person for a fresh factor; settles with whether it was given. */
type AskForFactor = () => Promise<boolean>

let askForFactor: AskForFactor | null = null

/** Says how a person is asked for a fresh factor; null while nobody can be asked. */
export function stepUpWith(ask: AskForFactor | null): void {
  askForFactor = ask
}

/**
 * Calls a route of the API; where it needs a fresh factor the person is asked once and the call repeated. Throws `ApiProblem` for every refusal, also `network.unreachable` when nothing answers;
 * an aborted call throws the signal's own error.
 */
export async function call<Name extends RouteName>(
  name: Name,
  ...[input, options]: Partial<Input<Name>> extends Input<Name>
    ? [input?: Input<Name>, options?: { readonly signal?: AbortSignal }]
    : [input: Input<Name>, options?: { readonly signal?: AbortSignal }]
): Promise<Reply<Name>> {
  const [method = 'GET', path = ''] = name.split(' ')
  const given = (input ?? {}) as Readonly<Record<string, unknown>>
  const response = await send(method, path, given, options?.signal)
  if (response.ok) return readReply<Name>(response)
  const problem = await problemOf(response)
  if (problem.code !== 'access.step-up-needed' || askForFactor === null || !(await askForFactor()))
    throw problem
  const again = await send(method, path, given, options?.signal)
  if (!again.ok) throw await problemOf(again)
  return readReply<Name>(again)
}

async function readReply<Name extends RouteName>(response: Response): Promise<Reply<Name>> {
  if (response.status === 204) return {} as Reply<Name>
  return (await response.json()) as Reply<Name>
}

/** What shows the server that a page of this session asks; no other site can read it. */
function formProof(): string {
  const pair = document.cookie.split('; ').find((one) => one.startsWith('__Host-surety-form='))
  return pair?.slice(pair.indexOf('=') + 1) ?? ''
}

async function send(
  method: string,
  path: string,
  given: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const body = method === 'GET' ? null : JSON.stringify(given['body'] ?? {})
  try {
    return await fetch(addressOf(path, given), {
      method,
      body,
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(isPassive() ? PASSIVE : {}),
        ...(method === 'GET' ? {} : { 'Surety-Form': formProof() }),
      },
      credentials: 'same-origin',
      redirect: 'error',
      signal: signal ?? null,
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw unreachable(error)
  }
}

function unreachable(error: unknown): ApiProblem {
  return new ApiProblem({
    status: 0,
    code: 'network.unreachable',
    title: 'The server does not answer',
    detail: error instanceof Error ? error.message : 'The connection failed.',
    requestId: null,
  })
}

/** The refusal inside anything thrown; an unexpected error of the page itself becomes one too. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new ApiProblem({ status: 0, code: 'page.failed', title: 'The page failed', detail, requestId: null })
}
