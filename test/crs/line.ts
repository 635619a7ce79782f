import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createSecureContext, type TLSSocket } from 'node:tls'
import type { Report, RuleSet, TransactionStart } from '#waf'
import type { Firewall, Gateway } from '../../platform/gateway/index.ts'
import { openGateway } from '../../platform/gateway/gateway.fixture.ts'
import type { Send } from './conform.ts'
import type { Observed } from './expectation.ts'
import { startReflector } from './reflector.ts'

/** The gateway with the rules, before the reflecting service. */
export interface Line {
  readonly send: Send
  close(): Promise<void>
}

/** How long an answer may take, and a report that comes after it. */
const ANSWER_MS = 5000
const REPORT_MS = 300

/** Reports by the port from which their request came, in their order. */
interface Reports {
  readonly firewall: Firewall
  /** Those of a port, once one came or none will. */
  take(port: number): Promise<readonly Report[]>
}

/** Opens it on free ports of this machine. */
export async function openLine(rules: RuleSet): Promise<Line> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-crs-'))
  const reflector = await startReflector()
  const reports = keepReports(rules)
  const gateway = await openGateway(folder, reflector.origin, reports.firewall)
  const dial = dialer(gateway)
  return {
    send: (text) => exchange(dial(), text, reports),
    close: async () => {
      await gateway.stop()
      await reflector.close()
      await rm(folder, { recursive: true })
    },
  }
}

function keepReports(rules: RuleSet): Reports {
  const ports = new Map<string, number>()
  const kept = new Map<number, Report[]>()
  const waiting = new Map<number, () => void>()
  const begin = (start: TransactionStart): ReturnType<RuleSet['begin']> => {
    ports.set(start.uniqueId, start.client.port)
    return rules.begin(start)
  }
  const listening: RuleSet = { ...rules, begin }
  return {
    firewall: {
      for: () => listening,
      report: (report) => {
        const port = ports.get(report.uniqueId) ?? 0
        ports.delete(report.uniqueId)
        kept.set(port, [...(kept.get(port) ?? []), report])
        waiting.get(port)?.()
      },
    },
    take: async (port) => {
      if (!kept.has(port))
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, REPORT_MS)
          waiting.set(port, () => {
            clearTimeout(timer)
            resolve()
          })
        })
      waiting.delete(port)
      const reports = kept.get(port) ?? []
      kept.delete(port)
      return reports
    },
  }
}

/** Connects as a browser does: later connections resume the session of earlier ones. */
function dialer(gateway: Gateway): () => TLSSocket {
  const { port } = gateway.addresses.https
  const secureContext = createSecureContext({ ca: gateway.authority ?? '', ecdhCurve: 'X25519' })
  let session: Buffer | undefined
  return () => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      secureContext,
      session,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
    })
    return socket.on('session', (next) => {
      session = next
    })
  }
}

async function exchange(socket: TLSSocket, text: string, reports: Reports): Promise<Observed> {
  const { answer, error, port } = await answerOf(socket, text)
  const status = Number(/^HTTP\/\S+ (\d{3})/.exec(answer)?.[1] ?? 0)
  const matches = (await reports.take(port)).flatMap((report) => report.matches)
  return { status, error: status === 0 ? (error ?? 'no answer') : null, answer, matches }
}

function answerOf(
  socket: TLSSocket,
  text: string,
): Promise<{ answer: string; error: string | null; port: number }> {
  return new Promise((resolve) => {
    let [answer, port] = ['', 0]
    const finish = (error: string | null): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ answer, error, port })
    }
    const timer = setTimeout(() => finish('no answer in time'), ANSWER_MS)
    socket.on('secureConnect', () => {
      port = socket.localPort ?? 0
      socket.write(text, 'latin1')
    })
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (isWhole(answer)) finish(null)
    })
    socket.on('error', (error: Error) => finish(error.message))
    socket.on('close', () => finish(null))
  })
}

/** Whether an answer ended, so that nobody has to wait for the connection to close. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  if (end === -1) return false
  const head = answer.slice(0, end)
  const length = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return answer.length >= end + 4 + Number(length)
  return /\r\ntransfer-encoding:[ \t]*chunked/i.test(head) && answer.endsWith('0\r\n\r\n')
}
