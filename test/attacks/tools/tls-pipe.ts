import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import type { RunningSystem } from '../../running-system.ts'

/** Where a tool finds what it attacks. */
export interface Way {
  /** For tools that speak TLS 1.3, or where there is no TLS. */
  readonly origin: string
  /** The same without TLS. */
  readonly plain: string
  /** The name of the host that a request over `plain` must give. */
  readonly host: string | null
}

/**
 * Opens a way to the gateway for tools that speak no TLS 1.3: what they send on the loopback goes on byte by byte over a
 * connection whose certificate is verified with the local authority.
 */
export async function openTlsPipe(
  system: Pick<RunningSystem, 'origin' | 'httpsPort' | 'ca'>,
): Promise<Way & { stop(): Promise<void> }> {
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: system.httpsPort, servername: 'localhost', ca: system.ca })
    for (const socket of [near, far]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    origin: system.origin,
    plain: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    host: new URL(system.origin).host,
    stop: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
