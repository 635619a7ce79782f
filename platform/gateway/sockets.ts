import { chmod, mkdir, unlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { localProgram } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import type { Log } from '../kernel/log.ts'
import { Problem } from '../kernel/problem.ts'
import { asSecret, newSecret, sameSecret, type Secret } from '../kernel/secret.ts'
import { secretFile } from '../kernel/secret-file.ts'
import type { App } from './app.ts'
import type { AccessDoor, Exchange } from './exchange.ts'
import { gatewayLimits } from './limits.ts'
import { startListening } from './listen.ts'

/** The token that the protected service shows at its socket. */
export type ServiceToken = Secret<'service socket'>

/** Reads `service.token` from the key folder, made at first use. */
export async function openServiceToken(keysFolder: string): Promise<ServiceToken> {
  const text = await secretFile(join(keysFolder, 'service.token'), () => newSecret(32))
  return asSecret<'service socket'>(text.toString('utf8').trim())
}

type Identify = AccessDoor['identify']

/** Knows the protected service by its token, and nobody else. */
export function identifyService(token: ServiceToken): Identify {
  return async (request, from) => {
    const shown = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    if (shown === undefined || !sameSecret(asSecret<'service socket'>(shown), token))
      throw new Problem('access.unauthenticated', 'This socket needs the token of the protected service.')
    return localProgram('service', 'service', new Set(['service.protected']), from)
  }
}

/** Whoever opens the operator's socket is the operator: its file lets nobody else in. */
export const identifyOperator: Identify = async (_request, from) =>
  localProgram('operator', 'operator', new Set(['operator.local']), from)

/** An HTTP server on a Unix socket. */
export interface UnixSocket {
  readonly path: string
  stop(): Promise<void>
}

/** Serves an app on a Unix socket that only this user may open, in a folder that only this user may enter. */
export async function openUnixSocket(deps: {
  readonly path: string
  readonly app: App
  readonly clock: Clock
  readonly log: Log
}): Promise<UnixSocket> {
  const { path, app, clock, log } = deps
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await chmod(dirname(path), 0o700)
  await removeStale(path)
  const server = createServer({ maxHeaderSize: gatewayLimits.headerBytesMax }, (incoming, outgoing) => {
    const started = performance.now()
    const userAgent = (incoming.headers['user-agent'] ?? '').slice(0, 256)
    const exchange: Exchange = {
      requestId: newId(clock),
      ip: '',
      userAgent,
      pattern: 'none',
      replyHeaders: {},
    }
    outgoing.once('close', () => {
      const { requestId, pattern: route } = exchange
      const ms = Math.round((performance.now() - started) * 10) / 10
      log.info(
        { requestId, method: incoming.method, route, status: outgoing.statusCode, ms },
        'socket request',
      )
    })
    const listener = getRequestListener((request) => app(request, { exchange }), {
      overrideGlobalObjects: false,
      hostname: 'localhost',
    })
    void listener(incoming, outgoing)
  })
  await startListening(server, { path })
  await chmod(path, 0o600)
  return {
    path,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

/** Removes what a killed process left behind; throws when a living one answers there. */
async function removeStale(path: string): Promise<void> {
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (answered) throw new Error(`another process answers at ${path}`)
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
