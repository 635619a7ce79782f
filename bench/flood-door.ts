import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'

/** Where the gateway listens, what it is called, and where its authority's certificate is. */
export interface DoorPlace {
  readonly listen: string
  readonly name: string
  readonly port: number
  readonly keys: string
}

/** A kept connection. */
export interface Door {
  ask(method: string, path: string, body?: string): Promise<number>
  close(): void
}

let context: SecureContext | undefined

/** A kept connection from an address of its own on loopback; all of a thread share what they trust. */
export function doorFrom(place: DoorPlace, localAddress: string): Door {
  context ??= createSecureContext({ ca: readFileSync(join(place.keys, 'authority.pem')) })
  const agent = new Agent({ keepAlive: true, maxSockets: 4, servername: place.name, secureContext: context })
  const host = `${place.name}:${place.port}`
  return {
    close: () => agent.destroy(),
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const typed =
          body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
        const at = { host: place.listen, port: place.port, localAddress }
        const sent = request({ ...at, agent, method, path, headers: { host, ...typed } }, (reply) => {
          reply.resume().once('end', () => resolve(reply.statusCode ?? 0))
        })
        sent.once('error', reject)
        sent.end(body)
      }),
  }
}
