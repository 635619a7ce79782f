import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One key of the stand-in, as its API tells of it. */
export interface TransitKeyState {
  type: string
  derived: boolean
  exportable: boolean
  allow_plaintext_backup: boolean
  deletion_allowed: boolean
  soft_deleted: boolean
  min_decryption_version: number
  latest_version: number
  keys: Record<string, number>
}

/**
 * A stand-in that speaks the transit part of the HTTP API (version 1) that OpenBao documents, for tests; it was written
 * from that documentation and is no proof of how a real server behaves.
 */
export interface TransitServer {
  readonly address: string
  readonly token: string
  readonly name: string
  readonly key: TransitKeyState
  /** Audit devices by path. */
  readonly devices: Record<string, object>
  /** Answers with this status instead, until told otherwise; 0: never answers. */
  answer(status: number | null): void
  requests(): readonly string[]
  close(): Promise<void>
}

const FRESH: TransitKeyState = {
  type: 'aes256-gcm96',
  derived: false,
  exportable: false,
  allow_plaintext_backup: false,
  deletion_allowed: false,
  soft_deleted: false,
  min_decryption_version: 1,
  latest_version: 1,
  keys: { '1': 1_769_000_000 },
}

interface Request {
  readonly path: string
  readonly method: string
  readonly body: Record<string, unknown>
}

class Refused extends Error {
  readonly status: number
  readonly data: object | undefined

  constructor(status: number, message: string, data?: object) {
    super(message)
    this.status = status
    this.data = data
  }
}

/** Starts one with a key; `auditFile` gets a line for each request, as a file device writes it. */
export async function transitServer(
  more: Partial<TransitKeyState> & { readonly auditFile?: string; readonly namespace?: string } = {},
): Promise<TransitServer> {
  const { auditFile, namespace, ...over } = more
  const material = new Map([[1, randomBytes(32)]])
  const key: TransitKeyState = { ...FRESH, keys: { ...FRESH.keys }, ...over }
  const token = `s.${randomBytes(12).toString('hex')}`
  const devices: Record<string, object> = { 'file/': { type: 'file' } }
  const requests: string[] = []
  let instead: number | null = null
  const handle = operations(key, material, devices)

  const server = createServer((incoming, reply) => {
    void (async () => {
      const request = await readRequest(incoming)
      requests.push(`${request.method} ${request.path}`)
      if (instead === 0) return
      const id = randomUUID()
      const asked = { id, operation: 'update', path: request.path }
      const [status, body] =
        instead === null
          ? admitted(incoming.headers, { token, namespace }, () => ({
              request_id: id,
              data: handle(request),
            }))
          : [instead, { errors: ['as told'] }]
      const told = status === 200 ? {} : { error: 'refused' }
      const line = { type: 'response', time: new Date().toISOString(), request: asked, ...told }
      if (auditFile !== undefined) await appendFile(auditFile, `${JSON.stringify(line)}\n`)
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    name: 'surety',
    key,
    devices,
    answer: (status) => {
      instead = status
    },
    requests: () => requests,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The answer to whoever shows the token, and otherwise why there is none. */
function admitted(
  headers: IncomingMessage['headers'],
  { token, namespace = '' }: { readonly token: string; readonly namespace: string | undefined },
  handle: () => object,
): readonly [number, object] {
  if (headers['x-vault-token'] !== token) return [403, { errors: ['permission denied'] }]
  if ((headers['x-vault-namespace'] ?? '') !== namespace) return [404, { errors: ['no handler for route'] }]
  try {
    return [200, handle()]
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return [error.status, error.data === undefined ? { errors: [error.message] } : { data: error.data }]
  }
}

async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  return { path: (incoming.url ?? '').replace(/^\/v1\//, ''), method: incoming.method ?? '', body }
}

function operations(key: TransitKeyState, material: Map<number, Buffer>, devices: Record<string, object>) {
  const cryptor = transitCryptor(key, material)
  const each = (body: Record<string, unknown>, one: (item: Record<string, unknown>) => object): object => {
    const batch = body['batch_input']
    if (!Array.isArray(batch)) return one(body)
    const results = (batch as Record<string, unknown>[]).map((item) => {
      try {
        return one(item)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        return { error: error.message }
      }
    })
    if (results.some((result) => 'error' in result))
      throw new Refused(400, 'batch', { batch_results: results })
    return { batch_results: results }
  }
  const usable = (): void => {
    if (key.soft_deleted) throw new Refused(400, 'key is soft deleted')
  }
  return ({ path, method, body }: Request): object => {
    if (path === 'sys/audit' && method === 'GET') return devices
    if (path === 'transit/keys/surety' && method === 'GET') return { name: 'surety', ...key }
    if (method !== 'POST') throw new Refused(405, 'unsupported operation')
    usable()
    if (path === 'transit/keys/surety/rotate') {
      key.latest_version += 1
      key.keys[String(key.latest_version)] = 1_770_000_000
      material.set(key.latest_version, randomBytes(32))
      return {}
    }
    if (path === 'transit/encrypt/surety') return each(body, cryptor.encrypt)
    if (path === 'transit/decrypt/surety') return each(body, cryptor.decrypt)
    // As in the servers themselves, rewrapping takes a context and no associated data.
    if (path === 'transit/rewrap/surety')
      return each(body, (item) => {
        const { associated_data: _, ...rest } = item
        return cryptor.encrypt({ ...rest, ...cryptor.decrypt(rest) })
      })
    throw new Refused(404, 'no handler for route')
  }
}

function transitCryptor(key: TransitKeyState, material: Map<number, Buffer>) {
  const bytes = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'base64')
  const keyFor = (version: number, item: Record<string, unknown>): Buffer => {
    const own = material.get(version)
    if (own === undefined) throw new Refused(400, 'invalid key version')
    if (key.derived && item['context'] === undefined)
      throw new Refused(400, 'missing context for key derivation')
    return key.derived ? createHmac('sha256', own).update(bytes(item['context'])).digest() : own
  }
  return {
    encrypt: (item: Record<string, unknown>) => {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', keyFor(key.latest_version, item), nonce)
      cipher.setAAD(bytes(item['associated_data']))
      const sealed = Buffer.concat([
        nonce,
        cipher.update(bytes(item['plaintext'])),
        cipher.final(),
        cipher.getAuthTag(),
      ])
      return {
        ciphertext: `vault:v${key.latest_version}:${sealed.toString('base64')}`,
        key_version: key.latest_version,
      }
    },
    decrypt: (item: Record<string, unknown>) => {
      const [, version, text] = /^vault:v(\d+):(.+)$/.exec(String(item['ciphertext'])) ?? []
      if (text === undefined) throw new Refused(400, 'invalid ciphertext: no prefix')
      if (Number(version) < key.min_decryption_version)
        throw new Refused(400, 'ciphertext or signature version is disallowed by policy (too old)')
      const sealed = bytes(text)
      const decipher = createDecipheriv('aes-256-gcm', keyFor(Number(version), item), sealed.subarray(0, 12))
      decipher.setAAD(bytes(item['associated_data']))
      decipher.setAuthTag(sealed.subarray(-16))
      try {
        const plain = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
        return { plaintext: plain.toString('base64') }
      } catch {
        throw new Refused(400, 'cipher: message authentication failed')
      }
    },
  }
}
