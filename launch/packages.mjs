// Plain JavaScript for any Node from 20 on: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The oldest Node that runs the TypeScript of this repository without a build. */
const OLDEST = [24, 12]

/** Names of the packages that the lock file wants and that are not installed in the wanted version. */
function missingPackages() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const record = join(root, 'node_modules/.package-lock.json')
  const installed = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : {}
  const needed = Object.entries(wanted).filter(([path, one]) => {
    const elsewhere =
      (one.os && !one.os.includes(process.platform)) || (one.cpu && !one.cpu.includes(process.arch))
    const optional = one.optional === true || one.devOptional === true
    // An optional package for this very machine is needed all the same: Node 24 and PostgreSQL come that way.
    return path !== '' && !elsewhere && (!optional || (one.os && one.cpu && !one.libc))
  })
  return needed
    .filter(([path, one]) => installed[path]?.version !== one.version || !existsSync(join(root, path)))
    .map(([path]) => path)
}

/** Installs exactly what the lock file names, if anything of it is missing; ends the process with the reason when that fails. */
export function installMissing() {
  const missing = missingPackages()
  if (missing.length === 0) return
  console.log(`Installing ${missing.length} packages …`)
  // Not `npm ci`: it refuses a lock file in which an optional package of another system is missing. This one obeys the lock
  // file just as well, and does not write it.
  const npm = process.env.npm_execpath
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const done = spawnSync(
    program,
    [...first, 'install', '--no-save', '--no-audit', '--no-fund', '--include=optional', '--include=dev'],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    },
  )
  if (done.status !== 0) {
    console.error('The packages could not be installed; the lines above say why. Nothing was started.')
    process.exit(1)
  }
}

/** The Node 24 that the lock file pins, or the one running now when it is new enough. */
export function pinnedNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform
  const packaged = join(
    root,
    `node_modules/node-${system}-${process.arch}/bin/node${system === 'win' ? '.exe' : ''}`,
  )
  if (existsSync(packaged)) return packaged
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath
  throw new Error(
    `npm holds no Node 24 for ${process.platform} ${process.arch}; install Node ${OLDEST.join('.')} or newer and try again.`,
  )
}

/** The folder of the repository. */
export const rootFolder = root
