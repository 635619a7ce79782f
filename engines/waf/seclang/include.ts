import { posix } from 'node:path'
import type { ReadFile, RuleFile } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { brief } from './lookup.ts'

/** The names of the files that a path with `*`, `?` or `[` stands for, relative to the file `from`, in order. */
export type ListFiles = (pattern: string, from: string) => readonly string[]

/** Where included files come from. */
export interface Sources {
  readonly readFile: ReadFile
  /** Without it a path that stands for several files is refused. */
  readonly listFiles: ListFiles | undefined
}

const MANY = /[*?[]/

/** The files that `Include path` brings in; `optional` lets it be none. */
export function includedFiles(
  path: string,
  optional: boolean,
  sources: Sources,
  place: Place,
): readonly RuleFile[] {
  const names = MANY.test(path) ? listed(path, sources, place) : [path]
  const files: RuleFile[] = []
  for (const name of names) {
    const text = sources.readFile(name, place.file)
    if (text !== null) files.push({ name: nameFrom(name, place.file), text })
    else if (!optional) throw new WafError('file-missing', `there is no file ${brief(name)}`, place)
  }
  if (files.length === 0 && !optional)
    throw new WafError('file-missing', `no file is named ${brief(path)}`, place)
  return files
}

function listed(path: string, sources: Sources, place: Place): readonly string[] {
  if (sources.listFiles === undefined) {
    throw new WafError('host-missing', `nobody can say which files ${brief(path)} stands for`, place)
  }
  return sources.listFiles(path, place.file)
}

/** The name of an included file, by which its own includes are found. */
function nameFrom(path: string, from: string): string {
  return posix.isAbsolute(path) ? path : posix.join(posix.dirname(from), path)
}
