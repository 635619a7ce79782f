import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createCollectionStore, createOperatorCache, loadRules, openPatternStore } from '#waf'
import { errorRecord, type Log } from '../../kernel/log.ts'
import type { LoadRules } from './rule-program.ts'

/** What the engine is told of its surroundings: collections are kept in this process. */
const surroundings = () => ({
  store: createCollectionStore(),
  // Nothing is known of places and block lists; values that would make rules ask for them are refused when they are set.
  geo: () => null,
  listed: () => false,
  // Services that read JSON whatever a request calls it are many.
  guessesBodies: true,
})

/** Compiles with this engine. */
export const compileWithEngine: LoadRules = (files, readFile) =>
  loadRules(files, { readFile, ...surroundings() })

/**
 * As `compileWithEngine`, with what was worked out of patterns in a file of the data folder, which is as closed as the
 * rules beside it, and with everything compiled shared from one load to the next.
 */
export function openEngineLoad(path: string, log: Log): LoadRules {
  const patterns = openPatternStore(readIfThere(path, log))
  const cache = createOperatorCache()
  return (files, readFile) => {
    const set = loadRules(files, { readFile, ...surroundings(), patterns, cache })
    const bytes = patterns.bytes()
    if (bytes !== null)
      keep(path, bytes).catch((error: unknown) =>
        log.error(errorRecord(error), 'what was worked out of the rules could not be kept'),
      )
    return set
  }
}

/** A file that cannot be read is as good as none: patterns are then worked out anew. */
function readIfThere(path: string, log: Log): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.error(errorRecord(error), 'what was worked out of the rules could not be read')
    return null
  }
}

/** The file appears whole or not at all. */
async function keep(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(fresh, bytes, { mode: 0o600 })
  await rename(fresh, path)
}
