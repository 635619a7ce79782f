import { open } from 'node:fs/promises'
import { z } from '../../kernel/schema.ts'
import type { Keyring } from '../keyring/database.ts'
import { rootRequests } from './queries.ts'

/** How the uses of the root key that its keeper logged compare with those that are known here. */
export interface RootReconciliation {
  /** Why there is nothing to compare with; null when it was compared. */
  readonly without: string | null
  readonly compared: number
  /** Requests in the keeper's log that nobody here made. */
  readonly unexplained: number
}

/** How much of the end of a log is read. */
const READ_BYTES_MAX = 32 * 1_048_576
/** The keeper's clock may be ahead or behind by this much. */
const SKEW_MS = 60_000

const entryShape = z.object({
  type: z.literal('response'),
  time: z.iso.datetime({ offset: true }),
  request: z.object({ id: z.string(), path: z.string() }),
  // What was refused used no key, and its number is told to nobody.
  error: z.literal('').optional(),
})

/** Compares the log of an audit device of Vault or OpenBao with the requests that are known here, from `from` to `to`. */
export async function reconcileVaultLog(
  keyring: Keyring,
  { file, mount, name }: { readonly file: string; readonly mount: string; readonly name: string },
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<RootReconciliation> {
  const text = await endOf(file)
  if (text === undefined)
    return { without: 'The log of the audit device cannot be read.', compared: 0, unexplained: 0 }
  const uses = new Set(['encrypt', 'decrypt', 'rewrap'].map((action) => `${mount}/${action}/${name}`))
  const logged = text.split('\n').flatMap((line) => {
    const entry = entryShape.safeParse(parsed(line))
    if (!entry.success || !uses.has(entry.data.request.path)) return []
    const at = new Date(entry.data.time)
    return at >= from && at <= to ? [entry.data.request.id] : []
  })
  const known = await rootRequests(keyring, new Date(from.getTime() - SKEW_MS))
  return {
    without: null,
    compared: logged.length,
    unexplained: logged.filter((id) => !known.has(id)).length,
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** The last lines of a file; undefined when it cannot be read. A line that was cut at the beginning is no JSON and is left out. */
async function endOf(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r').catch(() => undefined)
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.alloc(Math.min(size, READ_BYTES_MAX))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}
