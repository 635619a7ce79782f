import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A stand-in for AWS KMS (JSON protocol 1.1, API of 2014-11-01) with the states that `moto_server` does not enforce:
 * disabled, waiting for deletion, throttled, silent. It was written from the documentation.
 */
export interface KmsServer {
  readonly address: string
  readonly arn: string
  /** As `DescribeKey` tells it. */
  readonly key: { KeyState: string; Origin: string; DeletionDate?: number }
  readonly requests: readonly string[]
  /** Answers every request with this error, or with silence, until told otherwise. */
  answer(how: readonly [status: number, type: string] | 'silent' | null): void
  /** Refuses single operations. */
  readonly denied: Set<string>
  close(): Promise<void>
}

type Body = Record<string, unknown>

class Refused extends Error {
  readonly type: string

  constructor(type: string) {
    super(type)
    this.type = type
  }
}

/** Starts one with an enabled key. */
export async function kmsServer(): Promise<KmsServer> {
  const arn = `arn:aws:kms:eu-central-1:000000000000:key/${randomUUID()}`
  const key: KmsServer['key'] = { KeyState: 'Enabled', Origin: 'AWS_KMS' }
  const requests: string[] = []
  const denied = new Set<string>()
  let how: Parameters<KmsServer['answer']>[0] = null
  const handle = operations(arn, key)
  const server = createServer((incoming, reply) => {
    void (async () => {
      const operation = String(incoming.headers['x-amz-target']).replace('TrentService.', '')
      const body = await readBody(incoming)
      requests.push(operation)
      if (how === 'silent') return
      const [status, answer] =
        how === null ? attempt(() => handle(operation, body, denied)) : [how[0], { __type: how[1] }]
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() }
      reply.writeHead(status, headers).end(JSON.stringify(answer))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arn,
    key,
    requests,
    denied,
    answer: (next) => {
      how = next
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readBody(incoming: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Body
}

function attempt(handle: () => object): readonly [number, object] {
  try {
    return [200, handle()]
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return [400, { __type: error.type, message: 'as a key of this state' }]
  }
}

function operations(arn: string, key: KmsServer['key']) {
  const material = [randomBytes(32)]
  const rotations: { RotationDate: number }[] = []
  const seal = (plain: Buffer, context: unknown): string => sealed(material, plain, context)
  const usable = (): void => {
    if (key.KeyState === 'Disabled') throw new Refused('DisabledException')
    if (key.KeyState !== 'Enabled') throw new Refused('KMSInvalidStateException')
  }
  const handlers: Readonly<Record<string, (body: Body) => object>> = {
    DescribeKey: () => ({
      KeyMetadata: { Arn: arn, KeySpec: 'SYMMETRIC_DEFAULT', CreationDate: 1_769_000_000, ...key },
    }),
    GetKeyPolicy: () => ({ Policy: '{"Version":"2012-10-17"}' }),
    GetKeyRotationStatus: () => ({ KeyRotationEnabled: true, RotationPeriodInDays: 180 }),
    ListKeyRotations: () => ({ Rotations: rotations, Truncated: false }),
    RotateKeyOnDemand: () => {
      usable()
      material.push(randomBytes(32))
      rotations.push({ RotationDate: 1_770_000_000 })
      return { KeyId: arn }
    },
    Encrypt: (body) => {
      usable()
      return { KeyId: arn, CiphertextBlob: seal(bytesOf(body['Plaintext']), body['EncryptionContext']) }
    },
    Decrypt: (body) => {
      usable()
      return {
        KeyId: arn,
        Plaintext: opened(material, body['CiphertextBlob'], body['EncryptionContext']).toString('base64'),
      }
    },
    ReEncrypt: (body) => {
      usable()
      const plain = opened(material, body['CiphertextBlob'], body['SourceEncryptionContext'])
      return { KeyId: arn, CiphertextBlob: seal(plain, body['DestinationEncryptionContext']) }
    },
  }
  return (operation: string, body: Body, denied: ReadonlySet<string>): object => {
    if (denied.has(operation)) throw new Refused('AccessDeniedException')
    const named = String(body['KeyId'] ?? body['DestinationKeyId'])
    if (named !== arn && named !== 'alias/surety') throw new Refused('NotFoundException')
    return handlers[operation]?.(body) ?? {}
  }
}

function sealed(material: readonly Buffer[], plain: Buffer, context: unknown): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', material.at(-1) ?? Buffer.alloc(0), nonce)
  cipher.setAAD(contextBytes(context))
  const text = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([Uint8Array.of(material.length), nonce, text, cipher.getAuthTag()]).toString('base64')
}

function opened(material: readonly Buffer[], blob: unknown, context: unknown): Buffer {
  const bytes = bytesOf(blob)
  const key = material[(bytes[0] ?? 0) - 1]
  if (key === undefined || bytes.length < 29) throw new Refused('InvalidCiphertextException')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13))
  decipher.setAAD(contextBytes(context))
  decipher.setAuthTag(bytes.subarray(-16))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()])
  } catch {
    throw new Refused('InvalidCiphertextException')
  }
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : '', 'base64')
}

function contextBytes(context: unknown): Buffer {
  const entries = Object.entries((context ?? {}) as Record<string, string>)
  return Buffer.from(JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))))
}
