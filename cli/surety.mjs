#!/usr/bin/env node
// The command line on any Node from 20 on: hands over to the pinned Node, which runs the TypeScript.
import { spawn } from 'node:child_process'
import { installMissing, pinnedNode, rootFolder } from '../launch/packages.mjs'

installMissing()
const child = spawn(pinnedNode(), [`${rootFolder}cli/main.ts`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? `${rootFolder}var/cache` },
})
// Ctrl-C reaches the other process too; its exit code is the one that counts.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
