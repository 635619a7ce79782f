import { createHash } from 'node:crypto'
import type { RuleSet } from '../api.ts'
import type { ReadFile, RuleFile } from '../model.ts'
import { readProgram, type ListFiles } from '../seclang/index.ts'
import type { EngineHost } from './host.ts'
import { compileWith } from './rule-set.ts'

/**
 * Reads and compiles files of rules, in the order given, whole or not at all; throws a `WafError` with file and line.
 * `listFiles` is asked where `Include` names several files by a pattern.
 */
export function loadRules(files: readonly RuleFile[], host: EngineHost, listFiles?: ListFiles): RuleSet {
  const hash = createHash('sha256')
  const take = (name: string, text: string): void => {
    hash.update(`${name}\n${text.length}\n`).update(text, 'latin1')
  }
  for (const { name, text } of files) take(name, text)
  const readFile: ReadFile = (path, from) => {
    const text = host.readFile(path, from)
    if (text !== null) take(path, text)
    return text
  }
  const program = readProgram(files, readFile, listFiles)
  const set = compileWith(program, { ...host, readFile }, {}, () => fingerprint)
  const fingerprint = hash.copy().digest('hex')
  return set
}
