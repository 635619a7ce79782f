import { readFile, stat } from 'node:fs/promises'
import { Agent as PlainAgent, request as requestPlain, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { z } from '../../kernel/schema.ts'
import { KeeperError, type KeeperCall, type KeeperRefusal } from './keeper.ts'

/** How to reach a Vault or OpenBao server. */
export interface VaultSettings {
  readonly address: string
  /** File with the token; read again at every call, so that an agent may renew it. */
  readonly tokenFile: string
  /** Empty: none. */
  readonly namespace: string
  /** PEM file of a private authority; empty: those that every system knows. */
  readonly authorityFile: string
}

/** Asks a Vault or OpenBao server (HTTP API, version 1). */
export interface VaultClient {
  /** The `data` of the answer; throws `KeeperError`. A call with a body writes, one without reads. */
  ask(path: string, call: KeeperCall, body?: object): Promise<unknown>
  close(): void
}

const ANSWER_BYTES_MAX = 1_048_576
const TOKEN_BYTES_MAX = 8192

/** Opens a client whose connections stay open between calls. */
export async function vaultClient(settings: VaultSettings): Promise<VaultClient> {
  const secure = settings.address.startsWith('https:')
  const ca = settings.authorityFile === '' ? undefined : await readFile(settings.authorityFile)
  const agent = secure
    ? new TlsAgent({ keepAlive: true, maxSockets: 8, minVersion: 'TLSv1.2', ...(ca && { ca }) })
    : new PlainAgent({ keepAlive: true, maxSockets: 8 })
  const send = secure ? requestTls : requestPlain
  return {
    ask: async (path, call, body) => {
      const url = new URL(`v1/${path}`, `${settings.address.replace(/\/+$/, '')}/`)
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers = {
        'x-vault-token': await tokenOf(settings.tokenFile),
        // Refused by servers from browsers' forgeries, harmless elsewhere.
        'x-vault-request': 'true',
        ...(settings.namespace === '' ? {} : { 'x-vault-namespace': settings.namespace }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      }
      const options = { agent, signal: call.signal, headers, method: text === undefined ? 'GET' : 'POST' }
      const lost = (error: unknown): never => {
        call.unanswered()
        return unreached(error)
      }
      const reply = await new Promise<IncomingMessage>((resolve, reject) => {
        send(url, options, resolve).once('error', reject).end(text)
      }).catch(lost)
      const { requestId, data } = readAnswer(reply.statusCode ?? 0, await textOf(reply).catch(lost))
      if (requestId !== undefined) call.served(requestId)
      return data
    },
    close: () => agent.destroy(),
  }
}

function unreached(error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code ?? 'no answer'
  throw new KeeperError('unreachable', `Vault cannot be reached (${code.replaceAll(/\W/g, '_')}).`, error)
}

async function tokenOf(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > TOKEN_BYTES_MAX) throw new Error('too large')
    const token = (await readFile(path, 'utf8')).trim()
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('not a token')
    return token
  } catch (error) {
    throw new KeeperError('denied', 'The file with the token for Vault cannot be read.', error)
  }
}

async function textOf(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const answerShape = z.object({
  request_id: z.string().max(100).optional(),
  data: z.unknown().optional(),
  errors: z.array(z.string()).optional(),
})

const batchErrors = z.object({ batch_results: z.array(z.object({ error: z.string().optional() })) })

/** What a status means: of `/sys/health` and all other paths, 472, 473 and 503 are those of a server that cannot work. */
const REFUSALS: Readonly<Record<number, readonly [KeeperRefusal, string]>> = {
  400: ['disabled', 'Vault refuses to use the root key'],
  403: ['denied', 'Vault does not let this token use the root key'],
  404: ['missing', 'Vault has no such root key'],
  405: ['denied', 'Vault does not offer this for the root key'],
}
/** What OpenBao and Vault say of bytes that were changed, belong elsewhere or are too old. */
const UNREADABLE = /message authentication failed|unable to decrypt|invalid ciphertext|cipher: /i
const TOO_OLD = /disallowed by policy|too old/i

function readAnswer(status: number, text: string): { requestId: string | undefined; data: unknown } {
  const parsed = answerShape.safeParse(parseJson(text))
  const answer = parsed.success ? parsed.data : {}
  if (status === 204) return { requestId: undefined, data: undefined }
  if (status === 200 && parsed.success) return { requestId: answer.request_id, data: answer.data }
  // One bad item of a batch makes the whole answer a 400 and is told beside the good ones.
  const items = batchErrors.safeParse(answer.data)
  const inBatch = items.success ? items.data.batch_results.map(({ error = '' }) => error) : []
  const said = [...(answer.errors ?? []), ...inBatch].join('; ')
  if (status === 400 && TOO_OLD.test(said))
    throw new KeeperError(
      'disabled',
      'Vault does not open this version of the root key any more (min_decryption_version).',
    )
  if (status === 400 && UNREADABLE.test(said))
    throw new KeeperError('unreadable', 'The bytes or their context were changed.')
  const [refusal, detail] = REFUSALS[status] ?? ['unreachable' as const, `Vault answered ${status}`]
  // What the server says may repeat what was sent, so it is not passed on.
  throw new KeeperError(refusal, `${detail}.`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
