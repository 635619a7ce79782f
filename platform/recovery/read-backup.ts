import type { KeyObject } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { EnvelopeError, keyFingerprint, openStream } from '#envelope'
import { Problem } from '../kernel/problem.ts'
import { backupContext } from './backup.ts'
import { readManifest, SEALED_FILE } from './backup-files.ts'
import { readEntries } from './container.ts'
import {
  headerShape,
  openTally,
  readShape,
  type Contents,
  type Header,
  type Manifest,
  type Tally,
} from './manifest.ts'

/** Gets each entry of a backup but the last, in order; bytes that it leaves are skipped. */
export type EntryReader = (
  header: Exclude<Header, { kind: 'contents' }>,
  body: AsyncIterable<Buffer>,
) => Promise<void>

/** Reads the backup in `folder` from beginning to end; throws `recovery.unreadable` for another key or changed, missing or added bytes. */
export async function readBackup(
  folder: string,
  key: KeyObject,
  entry: EntryReader,
): Promise<{ readonly manifest: Manifest; readonly contents: Contents }> {
  const manifest = await readManifest(folder)
  if (manifest.keyFingerprint !== keyFingerprint(key))
    throw new Problem('recovery.unreadable', 'The backup was sealed with another backup key.')
  let contents: Contents | undefined
  try {
    await pipeline(
      createReadStream(join(folder, SEALED_FILE)),
      openStream([key], backupContext(manifest)),
      createZstdDecompress(),
      async (source: AsyncIterable<Buffer>) => {
        await readEntries(source, async (named, body) => {
          if (contents !== undefined) throw damaged()
          const header = readShape(headerShape, named)
          if (header.kind === 'contents') contents = header.contents
          else await entry(header, body)
        })
      },
    )
  } catch (error) {
    throw asUnreadable(error)
  }
  if (contents === undefined) throw new Problem('recovery.unreadable', 'The backup ends too early.')
  return { manifest, contents }
}

function damaged(cause?: unknown): Problem {
  return new Problem(
    'recovery.unreadable',
    'The backup is damaged: bytes were changed, are missing or were added.',
    { cause },
  )
}

/** A refusal of the engine, the decompressor or the disk as `recovery.unreadable`; any other error as it is. */
function asUnreadable(error: unknown): unknown {
  if (error instanceof EnvelopeError) return damaged(error)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code?.startsWith('ZSTD_') === true || code === 'Z_BUF_ERROR') return damaged(error)
  return error
}

/** Reads a whole backup, writing nothing, and compares everything in it with what it says of itself. */
export async function verifyBackup(
  folder: string,
  key: KeyObject,
): Promise<{ readonly manifest: Manifest; readonly contents: Contents }> {
  const seen = new Map<string, Tally>()
  const read = await readBackup(folder, key, async (header, body) => {
    const tally = openTally()
    const name = entryName(header)
    if (seen.has(name)) throw damaged()
    seen.set(name, tally)
    for await (const piece of tally.through(body)) void piece
  })
  const { tables, ledger } = read.contents
  if (seen.size !== tables.length + ledger.length) throw damaged()
  for (const one of tables) requireSame(seen.get(entryName({ kind: 'table', ...one })), one)
  for (const one of ledger) requireSame(seen.get(entryName({ kind: 'ledger', ...one })), one)
  return read
}

function entryName(of: Exclude<Header, { kind: 'contents' }>): string {
  return of.kind === 'table' ? `table ${of.schema}.${of.table}` : `ledger ${of.path}`
}

function requireSame(
  seen: Tally | undefined,
  said: { readonly bytes: number; readonly sha256: string; readonly rows?: number },
): void {
  const found = seen?.result()
  const same =
    found !== undefined &&
    found.bytes === said.bytes &&
    found.sha256 === said.sha256 &&
    (said.rows === undefined || said.rows === found.lines)
  if (!same) throw damaged()
}
