import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../kernel/problem.ts'
import type { PolicyFile } from './text.ts'

/** Reads the text from its folder, one Markdown file a chapter; throws `policy.malformed` when there is none. */
export async function readPolicyFolder(folder: string): Promise<PolicyFile[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.md')).sort()
  if (names.length === 0) throw new Problem('policy.malformed', 'The policy folder holds no Markdown file.')
  return Promise.all(names.map(async (name) => ({ name, text: await readText(folder, name) })))
}

/** Only a file, or a link to one, has an end: whoever reads a pipe waits for its writer. */
async function readText(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  if (!(await stat(path)).isFile())
    throw new Problem('policy.malformed', `${name} in the policy folder is no file.`)
  return readFile(path, 'utf8')
}
