import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'

/** The folders whose code enforces and checks the policy. */
const PROGRAM = 'engines platform client inbox'.split(' ')

/**
 * SHA-256 over every source file of the program without its tests, by path. A check may reach anything of it, so an
 * observation names the whole: any other code gives another hash, and a known-bad run counts for its own code alone.
 */
export async function programHash(root: URL): Promise<Buffer> {
  const hash = createHash('sha256')
  const paths = await Array.fromAsync(
    glob(
      PROGRAM.map((folder) => `${folder}/**/*.ts`),
      { cwd: root, exclude: (path) => path.endsWith('.test.ts') || path.endsWith('node_modules') },
    ),
  )
  for (const path of paths.map((path) => path.replaceAll('\\', '/')).toSorted()) {
    const digest = createHash('sha256').update(await readFile(new URL(path, root)))
    hash.update(`${digest.digest('hex')}  ${path}\n`)
  }
  return hash.digest()
}

/** What an observation of one control says about the code that made it. */
export function checkCodeHash(program: Buffer, control: string): Buffer {
  return createHash('sha256').update(program).update(control).digest()
}
