import { RepositoryError } from '#backup'
import { z } from '../../kernel/schema.ts'
import { plainFile, replaceFile } from './folder-files.ts'

/** What a folder promises of an object, in a file of its own. */
export interface FolderPromise {
  readonly storedAt: Date
  readonly retainUntil: Date | null
  /** Kept whatever its age. */
  readonly held: boolean
}

const written = z.strictObject({
  stored: z.iso.datetime(),
  retain: z.iso.datetime().nullable(),
  held: z.boolean(),
})

/** Reads a promise; undefined when there is none, throws `damaged` when it cannot be understood. */
export async function readPromise(file: string, path: string): Promise<FolderPromise | undefined> {
  const bytes = await plainFile(file)
  if (bytes === undefined) return undefined
  try {
    const { stored, retain, held } = written.parse(JSON.parse(bytes.toString()))
    return { storedAt: new Date(stored), retainUntil: retain === null ? null : new Date(retain), held }
  } catch (error) {
    throw new RepositoryError('damaged', path, error)
  }
}

/** Writes a promise in the place of an older one. */
export async function writePromise(beside: string, file: string, promise: FolderPromise): Promise<void> {
  const text = JSON.stringify({
    stored: promise.storedAt.toISOString(),
    retain: promise.retainUntil?.toISOString() ?? null,
    held: promise.held,
  })
  await replaceFile(beside, file, Buffer.from(`${text}\n`))
}

/** The later of two ends of retention; none is the earliest. */
export function laterEnd(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b
  return a > b ? a : b
}
