import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** A place in a source file where a statement is put together from text. */
export interface RawStatement {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** Forms in which text could become part of a statement instead of a parameter of it. */
const RAW = [
  // sql.raw and sql.lit put text into the statement itself.
  /\bsql\.(?:raw|lit|literal)\b/,
  // The driver's own call with a template that has something put in, or with a sum.
  /\.query\(\s*`[^`]*\$\{/,
  /\.query\(\s*(?:'[^']*'|"[^"]*"|`[^`]*`)\s*\+/,
  /\.(?:query|executeQuery)\(\s*[A-Za-z_]\w*\s*\+/,
  /\bunsafe\(/,
]

/** Finds raw statements in one source text; documentation comments do not count. */
export function findRawStatements(file: string, text: string): RawStatement[] {
  return text.split('\n').flatMap((line, at) => {
    const code = /^\s*(?:\*|\/\/|\/\*)/.test(line) ? '' : line
    return RAW.some((form) => form.test(code)) ? [{ file, line: at + 1, text: code.trim() }] : []
  })
}

/** Scans the sources of the programs that talk to the database at run time; tests are no part of them. */
export async function scanStatements(
  root: string,
  folders: readonly string[],
): Promise<{ readonly files: number; readonly raw: readonly RawStatement[] }> {
  const raw: RawStatement[] = []
  let files = 0
  for (const folder of folders) {
    for (const entry of await readdir(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || /\.(?:test|fixture|probe)\.ts$/.test(entry.name))
        continue
      const path = join(entry.parentPath, entry.name)
      raw.push(...findRawStatements(relative(root, path), await readFile(path, 'utf8')))
      files += 1
    }
  }
  return { files, raw }
}
