import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'

/** A path on which a provider signs its deliveries, so that the firewall reads them as what somebody said, not as an attack. */
export interface SignedHook {
  /** The very path at the gateway, without a query. */
  readonly path: string
  /** The header with the signature, in lower case, such as `x-hub-signature-256`. */
  readonly header: string
  /** HMAC-SHA-256 of the body's bytes, in lower-case hexadecimal digits. */
  readonly scheme: 'hmac-sha256'
  /** What stands before the digits, such as `sha256=`. */
  readonly prefix: string
  /** One to four secrets of at least 16 characters; each of them signs. */
  readonly secrets: readonly string[]
}

/** What the gateway knows of signed hooks. */
export interface KnownHooks {
  /** Differs after each start of the gateway, which keeps hooks in memory only: then all are told again. */
  readonly epoch: string
  readonly ways: number
}

const knownShape = z.object({ epoch: z.string(), ways: z.int().min(0) })

const PATH = '/v1/signed-hooks'

/** Asks what the gateway knows. */
export async function readKnownHooks(socket: ServiceSocket): Promise<KnownHooks> {
  return expectShape(knownShape, await socket.call({ method: 'GET', path: PATH }))
}

/** Tells at most 500 hooks, in place of those with the same paths, and at most 500 paths that are no hooks any more. */
export async function tellHooks(
  socket: ServiceSocket,
  change: { readonly hooks?: readonly SignedHook[]; readonly gone?: readonly string[] },
): Promise<KnownHooks> {
  return expectShape(knownShape, await socket.call({ method: 'POST', path: PATH, body: change }))
}
