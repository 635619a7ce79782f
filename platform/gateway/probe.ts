import { generateKeyPairSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { connect as connectHttp2, constants } from 'node:http2'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { secondsAfter, type Clock } from '../kernel/clock.ts'
import type { CertificatePair } from './certificates.ts'
import { issueCertificate } from './issue-certificate.ts'

/** A TLS listener as a client outside of the process sees it. */
export interface ProbeTarget {
  /** Address to connect to. */
  readonly address: string
  readonly port: number
  /** The name that the certificate must speak for. */
  readonly name: string
  /** The authority to trust (PEM); undefined: those of the system. */
  readonly ca: string | undefined
}

/** Milliseconds after which a probe gives up. */
const PROBE_MS = 10_000

function options(target: ProbeTarget): ConnectionOptions {
  return {
    host: target.address,
    port: target.port,
    servername: target.name,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
  }
}

/** What came of a handshake. */
export type Handshake =
  | { readonly done: true; readonly version: string; readonly cipher: string; readonly group: string | null }
  | { readonly done: false; readonly code: string }

/** Makes one handshake; `group` is the ephemeral group that the keys were agreed in, null when there was none. */
export function handshake(target: ProbeTarget, more: ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = connectTls({ ...options(target), ...more }, () => {
      const key = socket.getEphemeralKeyInfo() as { name?: string } | null
      const cipher = socket.getCipher().standardName
      resolve({ done: true, version: socket.getProtocol() ?? '', cipher, group: key?.name ?? null })
      socket.destroy()
    })
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('no answer in time')))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ done: false, code: error.code ?? '' }))
  })
}

/** What a probe keeps of an answer. */
export interface ProbeReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** An answer with what stood in it, and how long it took. */
export interface ProbeAnswer extends ProbeReply {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly ms: number
}

/** Characters of an answer's body that a probe keeps. */
const BODY_MAX = 1_000_000

/** One HTTP/1.1 request; over an `agent` connections are kept. */
export function fetchHttp1(
  target: ProbeTarget,
  path: string,
  more: RequestOptions & { readonly body?: string } = {},
): Promise<ProbeAnswer> {
  const { body, ...rest } = more
  return new Promise((resolve, reject) => {
    const headers = { host: `${target.name}:${target.port}`, ...(rest.headers as Record<string, string>) }
    const started = performance.now()
    const sent = httpsRequest({ ...options(target), agent: false, path, ...rest, headers })
    sent.setTimeout(PROBE_MS, () => sent.destroy(new Error('no answer in time')))
    sent.on('error', reject)
    sent.on('response', (got) => {
      let text = ''
      got.setEncoding('utf8')
      got.on('data', (part: string) => {
        if (text.length < BODY_MAX) text += part
      })
      got.on('error', reject)
      got.on('end', () => {
        const ms = performance.now() - started
        resolve({ status: got.statusCode ?? 0, headers: got.headers, body: text, ms })
      })
    })
    sent.end(body)
  })
}

/** Sends bytes that are no request and gives back the head of the answer. */
export function sendGarbage(target: ProbeTarget): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connectTls({ ...options(target), ALPNProtocols: ['http/1.1'] }, () => {
      socket.write('this is no request\r\n\r\n')
    })
    let got = ''
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error('no answer in time')))
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(got))
  })
}

/** Asks `times` times for a path over one HTTP/2 connection, from `localAddress` when given, and gives the answers. */
export async function burst(
  target: ProbeTarget,
  path: string,
  times: number,
  localAddress?: string,
): Promise<ProbeReply[]> {
  const from = localAddress === undefined ? {} : { localAddress }
  const session = connectHttp2(`https://${target.name}:${target.port}`, {
    createConnection: () => connectTls({ ...options(target), ALPNProtocols: ['h2'], ...from }),
  })
  const failed = new Promise<never>((_, reject) => {
    session.on('error', reject)
  })
  const one = (): Promise<ProbeReply> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ [constants.HTTP2_HEADER_PATH]: path })
      let reply: ProbeReply | undefined
      stream.on('error', reject)
      stream.on('response', ({ ':status': status, ...headers }) => {
        reply = { status: Number(status), headers }
      })
      stream.resume()
      stream.on('end', () => resolve(reply ?? { status: 0, headers: {} }))
    })
  try {
    return await Promise.race([Promise.all(Array.from({ length: times }, one)), failed])
  } finally {
    session.destroy()
  }
}

/** A certificate that vouches for itself, for a listener that lives as long as one check. */
export function passingCertificate(clock: Clock, name: string, type: 'ec' | 'rsa'): CertificatePair {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  // The certificate is checked against the machine's own time by the client in this process.
  const [from, until] = [secondsAfter(clock.now(), -86_400), secondsAfter(clock.now(), 86_400)]
  const order = { subject: name, issuer: name, key: privateKey, names: [name], authority: false }
  return {
    cert: issueCertificate({ ...order, from, until }, privateKey),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
