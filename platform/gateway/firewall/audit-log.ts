import { appendFile, chmod, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorRecord, type Log } from '../../kernel/log.ts'
import type { Entry } from './entry.ts'

/** The audit log of the firewall: one line of JSON for each request that the rules call relevant. */
export interface AuditLog {
  /** Takes an entry with the parts that the rules ask for (`ABIJDEFHZ`); never throws and never waits. */
  write(entry: Entry, parts: string): void
  /** Lines that were lost, because they came faster than they could be written or the disk refused them. */
  lost(): number
  /** Writes what waits. */
  stop(): Promise<void>
}

/** How far the log may grow; all together `fileBytesMax * (filesKept + 1)`. */
export interface AuditLogBounds {
  readonly fileBytesMax: number
  readonly filesKept: number
  readonly waitingMax: number
  readonly lineBytesMax: number
}

const BOUNDS: AuditLogBounds = {
  fileBytesMax: 16 * 1024 * 1024,
  filesKept: 5,
  waitingMax: 2000,
  lineBytesMax: 32 * 1024,
}

/** Opens the log; its file is closed to other users. */
export function openAuditLog(path: string, log: Log, bounds: AuditLogBounds = BOUNDS): AuditLog {
  let waiting: string[] = []
  let lost = 0
  let writing: Promise<void> | null = null
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      try {
        await append(path, lines.join(''), bounds)
      } catch (error) {
        lost += lines.length
        log.error(errorRecord(error), 'the audit log of the firewall cannot be written')
      }
    }
    writing = null
  }
  return {
    write: (entry, parts) => {
      const line = `${JSON.stringify(partsOf(entry, parts))}\n`
      if (waiting.length >= bounds.waitingMax || line.length > bounds.lineBytesMax) lost += 1
      else {
        waiting.push(line)
        writing ??= drain()
      }
    },
    lost: () => lost,
    stop: async () => {
      await writing
    },
  }
}

async function append(
  path: string,
  text: string,
  { fileBytesMax, filesKept }: AuditLogBounds,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > 0 && size + Buffer.byteLength(text) > fileBytesMax) await rotate(path, filesKept)
  await appendFile(path, text, { mode: 0o600 })
  await chmod(path, 0o600)
}

async function rotate(path: string, kept: number): Promise<void> {
  for (let number = kept - 1; number >= 0; number -= 1) {
    const from = number === 0 ? path : `${path}.${number}`
    try {
      await rename(from, `${path}.${number + 1}`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/**
 * The line: part B is the head of the request, C and I what the rules matched of its body, F the answer, H what the rules
 * say, K every rule by its number. Bodies themselves are never kept.
 */
export function partsOf(entry: Entry, parts: string): object {
  const has = (part: string): boolean => parts.includes(part)
  const { id, at, outcome, method, route, client, ms, fingerprint } = entry
  return {
    id,
    at,
    outcome,
    method,
    route,
    client,
    ms,
    fingerprint,
    ...(has('B')
      ? { request: { target: entry.target, protocol: entry.protocol, headers: entry.headers } }
      : {}),
    ...(has('E') || has('F') ? { response: { status: entry.status } } : {}),
    ...(has('H')
      ? {
          verdict: entry.decided,
          scores: entry.scores,
          matches:
            has('C') || has('I') ? entry.matches : entry.matches.map((match) => ({ ...match, matched: [] })),
          overBudget: entry.overBudget,
        }
      : {}),
    ...(has('K') ? { rules: entry.matches.map(({ rule }) => rule) } : {}),
  }
}
