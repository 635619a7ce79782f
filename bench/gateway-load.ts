import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import type { SampleRequest } from './waf-requests.ts'

/** Connections that each ask one request after the other. */
export interface Load {
  /** Answers so far. */
  answered(): number
  close(): void
}

/** Asks once; the status of the answer. */
export async function askOnce(port: number, request: Pick<SampleRequest, 'head' | 'body'>): Promise<number> {
  const socket = await dial(port)
  socket.end(requestBytes(port, request))
  let text = ''
  for await (const part of socket.setEncoding('latin1')) text += String(part)
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1])
}

/** Opens connections over TLS and keeps them busy; a status other than 200 throws away the benchmark. */
export async function openLoad(
  port: number,
  request: Pick<SampleRequest, 'head' | 'body'>,
  connections: number,
): Promise<Load> {
  const bytes = requestBytes(port, request)
  const sockets = await Promise.all(Array.from({ length: connections }, () => dial(port)))
  let count = 0
  for (const socket of sockets) keepBusy(socket, bytes, () => count++)
  return {
    answered: () => count,
    close: () => {
      for (const socket of sockets) socket.removeAllListeners('close').destroy()
    },
  }
}

function keepBusy(socket: TLSSocket, bytes: Buffer, note: () => void): void {
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(`answered ${text.slice(0, 40)}`)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1])
    if (!(text.length >= end + 4 + length)) return
    text = ''
    note()
    socket.write(bytes)
  })
  socket.once('close', () => {
    throw new Error('a connection was closed while it was in use')
  })
  socket.write(bytes)
}

async function dial(port: number): Promise<TLSSocket> {
  // What is measured is a server of this benchmark on this machine, whose certificate nobody knows.
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  })
  await once(socket, 'secureConnect')
  return socket
}

function requestBytes(port: number, { head, body }: Pick<SampleRequest, 'head' | 'body'>): Buffer {
  const lines = [`${head.method} ${head.target} HTTP/1.1`]
  for (let at = 0; at < head.headers.length; at += 2) {
    const name = head.headers[at] ?? ''
    const value = name === 'Host' ? `localhost:${port}` : (head.headers[at + 1] ?? '')
    lines.push(`${name}: ${value}`)
  }
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)])
}
