import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type * as Backup from './index.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

test('the package builds to plain JavaScript with types, and runs alone', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-backup-'))
  context.after(() => rm(folder, { recursive: true }))
  const dist = join(folder, 'dist')
  const compiler = here('../../node_modules/typescript/bin/tsc')
  const build = [compiler, '-p', here('tsconfig.json'), '--outDir', dist, '--incremental', 'false']
  await promisify(execFile)(process.execPath, build)
  await writeFile(join(folder, 'package.json'), await readFile(here('package.json')))
  const { exports } = JSON.parse(await readFile(here('package.json'), 'utf8')) as {
    exports: { '.': { types: string; default: string } }
  }
  const door = exports['.']
  const { segmentName, openRepository } = (await import(
    pathToFileURL(join(folder, door.default)).href
  )) as Pick<typeof Backup, 'segmentName' | 'openRepository'>
  assert.equal(segmentName(1, 1n, 2 ** 24), '000000010000000000000001')
  assert.equal(typeof openRepository, 'function')
  assert.match(await readFile(join(folder, door.types), 'utf8'), /openRepository/)
})
