import { globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ReadFile, RuleFile } from '../model.ts'
import type { ListFiles } from './include.ts'

/** Reads files of this machine; relative paths start at the folder of the file that names them. */
export const readFromDisk: ReadFile = (path, from) => {
  try {
    return readFileSync(resolve(dirname(from), path), 'latin1')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Lists files of this machine in the order of their names. */
export const listOnDisk: ListFiles = (pattern, from) => globSync(resolve(dirname(from), pattern)).sort()

/** A file of this machine as the reader takes it. */
export function ruleFile(path: string): RuleFile {
  return { name: path, text: readFileSync(path, 'latin1') }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR')
}
