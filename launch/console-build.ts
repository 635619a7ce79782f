import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A digest of everything the console is built from. */
async function sourceDigest(root: string): Promise<string> {
  const hash = createHash('sha256')
  const folder = join(root, 'console')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(folder, 'dist')))
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of [...files.sort(), join(root, 'package-lock.json')])
    hash.update(file.slice(root.length)).update(await readFile(file))
  return hash.digest('hex')
}

/** Builds the console unless the build at hand is of these very sources. */
export async function buildConsole(root: string, say: (line: string) => void): Promise<void> {
  const stamp = join(root, 'console/dist/.sources')
  const digest = await sourceDigest(root)
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === digest) return
  say('Building the console …')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', '--config', join(root, 'console/vite.config.ts'), '--logLevel', 'error'],
    {
      cwd: root,
    },
  )
  await mkdir(join(root, 'console/dist'), { recursive: true })
  await writeFile(stamp, digest)
}
