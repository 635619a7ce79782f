import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'node:test'
import type * as Waf from './index.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

test('the package builds to plain JavaScript with types, and runs alone', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'surety-waf-'))
  context.after(() => rm(folder, { recursive: true }))
  const built = join(folder, 'dist')
  const build = [
    here('../../node_modules/typescript/bin/tsc'),
    '-p',
    here('tsconfig.json'),
    '--outDir',
    built,
  ]
  await promisify(execFile)(process.execPath, build)
  await writeFile(join(folder, 'package.json'), await readFile(here('package.json')))
  const { loadRules } = (await import(pathToFileURL(join(built, 'index.js')).href)) as Pick<
    typeof Waf,
    'loadRules'
  >
  const rule = 'SecRuleEngine On\nSecRule ARGS "@rx (?i)^union\\s+select" "id:1,phase:1,deny,status:403"'
  const rules = loadRules([{ name: 'sample.conf', text: rule }], { readFile: () => null })
  const client = { address: '192.0.2.1', port: 1 }
  const server = { ...client, name: 'sample' }
  const seen = rules.begin({ uniqueId: '1', now: 0, client, server })
  const head = { method: 'GET', protocol: 'HTTP/1.1', headers: ['Host', 'sample'] }
  assert.equal(seen.request({ ...head, target: '/?q=UNION%20select' })?.status, 403)
  assert.match(await readFile(join(built, 'index.d.ts'), 'utf8'), /loadRules/)
})
