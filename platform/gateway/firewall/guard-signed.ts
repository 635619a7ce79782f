import { createHmac, createSecretKey, randomUUID, timingSafeEqual, type KeyObject } from 'node:crypto'
import { route } from '../../kernel/route.ts'
import { z } from '../../kernel/schema.ts'
import type { NodeRequest } from '../exchange.ts'

/** A way on which a provider signs what it delivers. */
export interface SignedWay {
  /** The very path of deliveries, without a query. */
  readonly path: string
  /** The header with the signature, in lower case. */
  readonly header: string
  /** `hmac-sha256`: of the body's bytes, in lower-case hexadecimal digits. */
  readonly scheme: 'hmac-sha256'
  /** What stands before the digits, such as `sha256=`. */
  readonly prefix: string
  /** Any of these signs, so that one can be replaced. */
  readonly secrets: readonly string[]
}

/** The signed ways that the protected service named; secrets are held as keys that nothing can read out, and in memory only. */
export interface SignedWays {
  /** Differs after every start: whoever sees another one names its ways again. */
  readonly epoch: string
  count(): number
  /** Takes ways in place of those with the same paths. */
  put(ways: readonly SignedWay[]): void
  drop(paths: readonly string[]): void
  /** Whether a request's body carries the signature of its way. */
  signed(incoming: Pick<NodeRequest, 'url' | 'method' | 'headers'>, parts: readonly Uint8Array[]): boolean
}

interface Way extends Omit<SignedWay, 'secrets'> {
  readonly keys: readonly KeyObject[]
}

/** More than any service has channels; each takes about 1 KB. */
const WAYS_MAX = 100_000

/** Begins without any. */
export function openSignedWays(): SignedWays {
  const ways = new Map<string, Way>()
  return {
    epoch: randomUUID(),
    count: () => ways.size,
    put: (more) => {
      for (const { secrets, ...way } of more) {
        if (ways.size >= WAYS_MAX && !ways.has(way.path)) throw new Error('too many signed ways')
        ways.set(way.path, { ...way, keys: secrets.map((secret) => createSecretKey(secret, 'utf8')) })
      }
    },
    drop: (paths) => {
      for (const path of paths) ways.delete(path)
    },
    signed: ({ url, method, headers }, parts) => {
      // The signature is over the body alone: a query would be anybody's.
      const way = method === 'POST' ? ways.get(url ?? '') : undefined
      return way !== undefined && isSigned(way, headers[way.header], parts)
    },
  }
}

function isSigned(
  { prefix, keys }: Way,
  header: string | readonly string[] | undefined,
  parts: readonly Uint8Array[],
): boolean {
  if (typeof header !== 'string' || !header.startsWith(prefix)) return false
  const digits = header.slice(prefix.length)
  if (!/^[0-9a-f]{64}$/.test(digits)) return false
  const given = Buffer.from(digits, 'hex')
  return keys.some((key) => {
    const right = createHmac('sha256', key)
    for (const part of parts) right.update(part)
    return timingSafeEqual(right.digest(), given)
  })
}

const signedWay = z.strictObject({
  path: z
    .string()
    .max(512)
    .regex(/^\/[!-~]*$/),
  header: z
    .string()
    .max(64)
    .regex(/^[a-z0-9-]+$/),
  scheme: z.literal('hmac-sha256'),
  prefix: z
    .string()
    .max(32)
    .regex(/^[!-~]*$/)
    .default(''),
  secrets: z.array(z.string().min(16).max(1024)).min(1).max(4),
})

/** The protected service names the ways on which providers sign, and asks whether they are still known. */
export function signedWayRoutes(ways: SignedWays) {
  const known = () => ({ epoch: ways.epoch, ways: ways.count() })
  const event = {
    none: 'how a provider signs is the own affair of the protected service, which records its channels',
  }
  return [
    route({
      surface: 'service',
      method: 'GET',
      path: '/v1/signed-hooks',
      permission: 'service.protected',
      event,
      handle: async () => known(),
    }),
    route({
      surface: 'service',
      method: 'POST',
      path: '/v1/signed-hooks',
      permission: 'service.protected',
      event,
      body: z.strictObject({
        hooks: z.array(signedWay).max(500).default([]),
        gone: z.array(z.string().max(512)).max(500).default([]),
      }),
      handle: async ({ body }) => {
        ways.drop(body.gone)
        ways.put(body.hooks)
        return known()
      },
    }),
  ] as const
}
