// Runs a TypeScript program of this repository on the pinned Node: `node launch/run.mjs [node options] file [arguments]`.
import { spawn } from 'node:child_process'
import { installMissing, pinnedNode, rootFolder } from './packages.mjs'

installMissing()
const child = spawn(pinnedNode(), process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? `${rootFolder}var/cache` },
})
// The terminal sends Ctrl-C to every process of the group; this one only waits for the other.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
// npm's shell does not pass signals on: when it is gone, nobody waits for us any more.
const parent = process.ppid
setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000).unref()
child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
