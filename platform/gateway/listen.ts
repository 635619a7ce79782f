import type { ListenOptions, Server } from 'node:net'

/** Where a server listens. */
export interface ListeningAt {
  readonly host: string
  readonly port: number
}

/** Starts a server; resolves once it listens, rejects when it cannot. */
export function startListening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Starts a server on a port, which the system chooses when it is 0. */
export async function listenOnPort(server: Server, options: ListenOptions): Promise<ListeningAt> {
  await startListening(server, options)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the listener has no port')
  return { host: address.address, port: address.port }
}
